import CLinux
import Dispatch
import Glibc
import HTTPWire
import Logging
import Synchronization

/// An address with what is served there.
public struct Listener: Sendable {
    /// For logs and metrics, e.g. `public`.
    public let name: String
    /// Where to listen.
    public let address: SocketAddress
    /// TLS, or nil for plain.
    public let tls: TLSConfiguration?
    /// Peers whose forwarding fields are believed.
    public let trustedProxies: TrustedProxies
    /// Whether every connection must begin with a PROXY header (version 1 or 2); believed from trusted peers only, others
    /// are closed.
    public let expectsProxyHeader: Bool
    /// Paths that are answered even when the server is full: health checks.
    public let alwaysAnswered: Set<String>
    /// What answers.
    public let responder: any Responder

    /// Describes a listener.
    public init(
        name: String, address: SocketAddress, tls: TLSConfiguration? = nil, trustedProxies: TrustedProxies = .none,
        expectsProxyHeader: Bool = false, alwaysAnswered: Set<String> = [], responder: any Responder
    ) {
        self.alwaysAnswered = alwaysAnswered
        self.expectsProxyHeader = expectsProxyHeader
        self.name = name
        self.address = address
        self.tls = tls
        self.trustedProxies = trustedProxies
        self.responder = responder
    }
}

/// What becomes of a new connection.
enum Admission {
    case admitted
    /// Taken only to say that there is no room, or how the server is.
    case reserve
    case tooManyFromAddress
    case full
}

/// What all connections of a server share.
final class ServerCore: Sendable {
    let limits: ServerLimits
    let observe: (@Sendable (ExchangeRecord) -> Void)?
    let errorPage: @Sendable (Status, Bool) -> Response
    let logger: Logger
    let places = ClientPlaces()
    private let draining = Atomic<Bool>(false)
    private let drainingSince = Atomic<UInt64>(0)
    private let open = Mutex<(total: Int, bySubscriber: [String: Int])>((0, [:]))

    init(
        limits: ServerLimits, observer: (any ExchangeObserver)?,
        errorPage: @escaping @Sendable (Status, Bool) -> Response,
        logger: Logger
    ) {
        self.limits = limits
        if let observer {
            observe = { observer.exchangeFinished($0) }
        } else {
            observe = nil
        }
        self.errorPage = errorPage
        self.logger = logger
    }

    var isDraining: Bool { draining.load(ordering: .relaxed) }
    func startDraining() {
        drainingSince.store(MonotonicClock.milliseconds(), ordering: .relaxed)
        draining.store(true, ordering: .relaxed)
    }
    /// Monotonic milliseconds; means something while `isDraining`.
    var drainStart: UInt64 { drainingSince.load(ordering: .relaxed) }
    var openConnections: Int { open.withLock { $0.total } }

    /// Counts a connection from `address`, unless it is too many. `openHere` connections are open on its listener: a flood
    /// on one listener cannot take the reserve of another.
    func admit(address: String, isExempt: Bool, openHere: Int) -> Admission {
        let subscriber = Peer.subscriber(of: address)
        return open.withLock { open in
            let count = open.bySubscriber[subscriber, default: 0]
            guard isExempt || count < limits.connectionsPerAddress else { return .tooManyFromAddress }
            guard open.total < limits.connections + limits.reservedConnections || openHere < limits.reservedConnections
            else { return .full }
            open.total += 1
            open.bySubscriber[subscriber] = count + 1
            return open.total <= limits.connections ? .admitted : .reserve
        }
    }

    /// Counts a connection from `proxy` as its client's from now on, unless that one has too many; says whether it did.
    func passOn(from proxy: String, to client: String, isExempt: Bool) -> Bool {
        let before = Peer.subscriber(of: proxy)
        let subscriber = Peer.subscriber(of: client)
        return open.withLock { open in
            let count = open.bySubscriber[subscriber, default: 0]
            guard isExempt || count < limits.connectionsPerAddress else { return false }
            open.bySubscriber[subscriber] = count + 1
            ServerCore.giveBack(before, in: &open.bySubscriber)
            return true
        }
    }

    func connectionClosed(address: String) {
        let subscriber = Peer.subscriber(of: address)
        open.withLock { open in
            open.total -= 1
            ServerCore.giveBack(subscriber, in: &open.bySubscriber)
        }
    }

    private static func giveBack(_ subscriber: String, in counts: inout [String: Int]) {
        guard let count = counts[subscriber] else { return }
        counts[subscriber] = count > 1 ? count - 1 : nil
    }
}

/// The HTTP/1.1 server: an event loop a core, each with its own listening sockets; the kernel spreads connections.
public final class Server: Sendable {
    let core: ServerCore
    private let listeners: [Listener]
    let loops: [EventLoop]
    /// In the order of the listeners.
    let opened: [OpenListener]
    private let bound = Mutex<[SocketAddress]>([])
    private let held = Mutex<[String: [Int32]]>([:])

    /// `loops` defaults to one a core. `errorPage` makes what the server itself answers (refusals, time-outs,
    /// overload), for a plain or a secure line; it runs on event loops.
    public init(
        listeners: [Listener], limits: ServerLimits = ServerLimits(), loops: Int? = nil, logger: Logger,
        observer: (any ExchangeObserver)? = nil,
        errorPage: @escaping @Sendable (Status, Bool) -> Response = Server.plainPage
    ) throws(SystemCallError) {
        self.listeners = listeners
        core = ServerCore(limits: limits, observer: observer, errorPage: errorPage, logger: logger)
        var made: [EventLoop] = []
        for number in 0..<max(1, loops ?? sysconf(Int32(_SC_NPROCESSORS_ONLN))) {
            made.append(try EventLoop(number: number))
        }
        self.loops = made
        self.opened = listeners.enumerated().map { [core] in OpenListener($0.element, number: $0.offset, core) }
    }

    var places: ClientPlaces { core.places }

    var loopGauges: [LoopGauges] { loops.map(\.gauges) }

    /// The reason phrase as plain text: for servers that have no pages.
    public static let plainPage: @Sendable (Status, Bool) -> Response = { status, _ in
        var fields = HeaderFields()
        fields.append(.contentType, "text/plain; charset=utf-8")
        if status == .serviceUnavailable { fields.append(.retryAfter, "5") }
        return Response(status, fields: fields, body: .bytes(Array("\(status.code) \(status.reason)\n".utf8)))
    }

    /// Binds every listener, then accepts. Sockets that others opened are used instead of new ones for the listeners that
    /// they name. Throws when an address cannot be had; then nothing listens.
    public func start(adopting sockets: ListeningSockets = ListeningSockets([:])) throws(SystemCallError) {
        var adopted = sockets
        var sockets: [(origin: OpenListener, byLoop: [[Int32]])] = []
        do throws(SystemCallError) {
            for origin in opened {
                let given = adopted.deal(listener: origin.listener.name, among: loops.count)
                let byLoop = if let given { given } else { try bind(origin.listener.address) }
                sockets.append((origin, byLoop))
            }
        } catch {
            for descriptor in sockets.flatMap(\.byLoop).joined() { close(descriptor) }
            adopted.closeRest()
            throw error
        }
        adopted.closeRest()
        held.withLock { held in
            held = Dictionary(
                sockets.map { ($0.origin.listener.name, Array($0.byLoop.joined())) }, uniquingKeysWith: { $0 + $1 })
        }
        bound.withLock { bound in
            bound = sockets.map { entry in
                entry.byLoop.joined().first.flatMap(Sockets.localAddress) ?? entry.origin.listener.address
            }
        }
        signal(SIGPIPE, SIG_IGN)
        // Content comes in pieces of 64 KB that live for a moment. By itself the allocator gives the end of its heap back at
        // 128 KB, and the kernel hands the same pages out again, cleared, one fault each: half the cost of an upload.
        clinux_keep_free_memory(1 << 20)
        for (number, loop) in loops.enumerated() {
            loop.start()
            let mine = sockets.map { ($0.origin, $0.byLoop[number]) }
            loop.execute {
                for (origin, descriptors) in mine {
                    for descriptor in descriptors {
                        Acceptor(loop: loop, origin: origin, descriptor: descriptor).open()
                    }
                }
            }
        }
    }

    /// One socket a loop; the kernel spreads connections over them.
    private func bind(_ address: SocketAddress) throws(SystemCallError) -> [[Int32]] {
        // One without SO_REUSEPORT first: two programs must not share an address by mistake.
        let probe = try Sockets.bind(to: address, shared: false)
        let exact = Sockets.localAddress(of: probe) ?? address
        close(probe)
        var descriptors: [[Int32]] = []
        do throws(SystemCallError) {
            for _ in loops { descriptors.append([try Sockets.listen(on: exact, shared: true)]) }
        } catch {
            for descriptor in descriptors.joined() { close(descriptor) }
            throw error
        }
        return descriptors
    }

    /// The sockets that are open now, for a successor; they stay this server's own until it stops.
    public var listeningSockets: ListeningSockets { ListeningSockets(held.withLock { $0 }) }

    /// The addresses in the order of the listeners, with the ports that the system chose.
    public var boundAddresses: [SocketAddress] { bound.withLock { $0 } }

    /// Connections open now.
    public var openConnections: Int { core.openConnections }

    /// Whether every loop answers within five seconds.
    public var isTurning: Bool { turns(within: 5_000) }

    /// The same with another patience, in milliseconds.
    func turns(within limit: UInt64) -> Bool { loops.allSatisfy { $0.answersProbes(within: limit) } }
}

/// Takes connections from one listening socket on one loop.
final class Acceptor: EventHandler, @unchecked Sendable {
    // Guard: made anywhere, then touched on the loop's thread only.
    private let loop: EventLoop
    private let origin: OpenListener
    private let descriptor: Int32
    private var restUntil: UInt64 = 0
    private var pace = AcceptPace()

    init(loop: EventLoop, origin: OpenListener, descriptor: Int32) {
        self.loop = loop
        self.origin = origin
        self.descriptor = descriptor
    }

    func open() {
        _ = loop.add(descriptor, events: UInt32(EPOLLIN.rawValue), handler: self)
    }

    /// Takes who waits already, so that nobody who was let in by the system is reset, and then nobody more.
    func close() {
        // Bounded by what `listen` lets wait.
        for _ in 0..<4096 {
            guard case .connection(let socket, let address) = Sockets.accept(descriptor) else { break }
            admit(socket, address.host, hasWaited: true)
        }
        loop.removeClosing(descriptor)
        Glibc.close(descriptor)
    }

    func handle(events: UInt32) {
        // Bounded, so that open connections are not starved by a flood of new ones.
        for number in 0..<pace.begin(turn: loop.turnCount, atMost: origin.core.limits.acceptsPerTurn) {
            switch Sockets.accept(descriptor) {
            case .none: return pace.foundNone()
            case .exhausted:
                origin.core.logger.error("out of file descriptors: accepting rests")
                restUntil = MonotonicClock.milliseconds() + 250
                loop.beginTicking()
                return loop.modify(descriptor, events: 0)
            case .connection(let socket, let address): admit(socket, address.host, hasWaited: number > 0)
            }
        }
    }

    /// With nobody connected and nothing resting the loop sleeps until something happens.
    var needsTicks: Bool { restUntil > 0 }

    func tick(now: UInt64) {
        guard restUntil > 0, now >= restUntil else { return }
        restUntil = 0
        loop.modify(descriptor, events: UInt32(EPOLLIN.rawValue))
    }

    private func admit(_ socket: Int32, _ address: String, hasWaited: Bool) {
        let listener = origin.listener
        let gauges = origin.gauges
        let admission = origin.core.admit(
            address: address, isExempt: origin.isExempt(address), openHere: gauges.open.load(ordering: .relaxed))
        switch admission {
        case .admitted: break
        case .reserve: gauges.rejectedByServer.add(1, ordering: .relaxed)
        case .tooManyFromAddress:
            gauges.rejectedByAddress.add(1, ordering: .relaxed)
            return turnAway(socket)
        case .full:
            gauges.rejectedByServer.add(1, ordering: .relaxed)
            return turnAway(socket)
        }
        guard let transport = Transport(descriptor: socket, tls: listener.tls) else {
            return origin.core.connectionClosed(address: address)
        }
        gauges.accepted.add(1, ordering: .relaxed)
        gauges.open.add(1, ordering: .relaxed)
        Connection(
            loop: loop, origin: origin, transport: transport, address: address, isReserve: admission == .reserve
        ).open(hasWaited: hasWaited)
    }

    /// A prepared answer and the end; no handshake for those who cannot be served.
    private func turnAway(_ socket: Int32) {
        if origin.listener.tls == nil {
            // A request that was not read would make the kernel reset the connection before the answer is read.
            _ = Sockets.receive(socket, loop.readBuffer)
            _ = Acceptor.overload.withUnsafeBytes { Sockets.send(socket, $0) }
        }
        Glibc.close(socket)
    }

    private static let overload = Array(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 5\r\nConnection: close\r\n\r\n".utf8)
}
