import ArgumentParser
import Dispatch
import FoundationEssentials
import Gateways
import Glibc
import Logging
import Platform
import Portal
import PublicService
import SocketServer
import Store
import Synchronization

/// The present, from the system.
struct SystemClock: WallClock {
    func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

/// `motcua serve`: everything, until told to stop.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Start the portal.")

    @OptionGroup var options: ServeOptions

    func run() async throws {
        LoggingSystem.bootstrap { JSONLogHandler(label: $0) }
        let logger = Logger(label: "motcua")
        try await plainly { try await Program(try options.configuration(), logger).run() }
    }
}

/// The wiring: what is made from what, in order, and ended in the other.
struct Program {
    let configuration: Configuration
    let logger: Logger

    init(_ configuration: Configuration, _ logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    func run() async throws {
        let started = ContinuousClock.now
        // Before anybody is served: a stop that comes early is kept, not lost.
        let endings = Endings(signals: [SIGTERM, SIGINT])
        defer { endings.cancel() }
        let hangups = Hangups()
        defer { hangups.cancel() }
        let tls = try configuration.tls()
        tls?.logWarnings(logger)
        let (limits, fewer) = try configuration.keptLimits()
        // Read while the store is opened: it waits for the disk, and a machine has more than one core.
        async let preparing = Preparation.read(configuration)
        // Unless somebody serves who would stop for a successor that cannot start.
        if configuration.takesOver { _ = try await preparing }
        let inherited = try inheritedSockets()
        // Whoever serves now gives the folder back when its last request is answered; how long that may take, it alone knows.
        let patience = configuration.takesOver ? Configuration.drainBounds.upperBound + 10 : 0
        let store = try Store(try DataFolder(configuration["data"], patience: patience))
        let prepared = try await preparing
        let addresses = try Program.listeners.map {
            try inherited.address(of: $0) ?? configuration.address($0).withFreePort()
        }
        let scheme = tls == nil ? "http" : "https"
        let publicURL =
            configuration["public-url"].isEmpty ? "\(scheme)://\(addresses[0])" : configuration["public-url"]
        let demo = try await demonstration(store, prepared.resources, addresses, scheme)
        let merchant = merchant(demo?.facts, publicURL)
        let portal = try Portal(
            store: store, catalogue: prepared.catalogue, messages: prepared.messages, parts: prepared.parts,
            settings: PortalSettings(
                publicURL: publicURL, agency: prepared.agency, isTrial: demo != nil, merchant: merchant),
            clock: SystemClock(), logger: logger)
        if let fewer { logger.warning("fewer connections", metadata: ["because": "\(fewer)"]) }
        let (server, log) = try makeServer(
            portal, store, addresses, tls, limits, redirect: try redirectAddress(inherited).map { ($0, publicURL) })
        portal.isTurning.set { server.isTurning }
        try server.start(adopting: inherited)
        let bank = demo.flatMap {
            Demo.startBank(
                $0.facts, resources: prepared.resources, publicURL: publicURL, data: configuration["data"],
                certificate: configuration.certificates.first?.chain ?? "")
        }
        if demo != nil, bank == nil {
            logger.error("the simulated bank was not started: build vnpay-bank beside this program")
        }
        hangups.serve { reopen(tls, log) }
        announce(demo, addresses, scheme, started)
        portal.packFiles()
        let chores = chores(portal, store, merchant)
        let ending = await nextEnding(endings, server)
        logger.info("stopping", metadata: ["because": "\(ending)"])
        chores.cancel()
        if let bank { kill(bank, SIGTERM) }
        await server.stop(
            drainMilliseconds: UInt64(configuration.drainSeconds) * 1000,
            arrivalMilliseconds: ending == .takenOver ? Program.arrivalMilliseconds : nil)
        store.close()
        log.flush()
    }

    /// While a successor waits for the folder, and newcomers for the successor, requests that are still coming in get this
    /// long: at a slow client's pace they would hold up everybody. Those that are whole get the drain time.
    private static let arrivalMilliseconds: UInt64 = 2_000

    private func demonstration(
        _ store: Store, _ resources: String, _ addresses: [SocketAddress], _ scheme: String
    ) async throws -> (facts: DemoFacts, isNew: Bool)? {
        guard configuration.isDemo else { return nil }
        let bank = try configuration.address("bank").withFreePort()
        return try await Demo.prepare(
            store, resources: resources, bank: bank.description,
            addresses: .init(
                public: "\(scheme)://\(addresses[0])", desk: "\(scheme)://\(addresses[1])",
                operations: "http://\(addresses[2])"))
    }

    private func merchant(_ demo: DemoFacts?, _ publicURL: String) -> VNPAYMerchant? {
        let returnAddress = publicURL + "/thanh-toan/ket-qua"
        if let demo {
            let bank = "http://\(demo.bank.address)"
            return VNPAYMerchant(
                terminal: demo.bank.terminal, secret: demo.bank.secret, paymentAddress: bank + "/paymentv2/vpcpay.html",
                queryAddress: bank + "/merchant_webapi/api/transaction", returnAddress: returnAddress)
        }
        guard !configuration["vnpay-terminal"].isEmpty else { return nil }
        return VNPAYMerchant(
            terminal: configuration["vnpay-terminal"], secret: configuration["vnpay-secret"],
            paymentAddress: configuration["vnpay-payment-url"], queryAddress: configuration["vnpay-api-url"],
            returnAddress: returnAddress)
    }

    private func announce(
        _ demo: (facts: DemoFacts, isNew: Bool)?, _ addresses: [SocketAddress], _ scheme: String,
        _ started: ContinuousClock.Instant
    ) {
        var lines = [
            "public      \(scheme)://\(addresses[0])/", "desk        \(scheme)://\(addresses[1])/can-bo",
            "operations  http://\(addresses[2])/",
        ]
        if let demo {
            lines.append("bank        http://\(demo.facts.bank.address)/ (simulated)")
            if demo.isNew {
                lines += demo.facts.officers.map {
                    "officer     \($0.login)  \($0.password)  one-time codes from \($0.oneTimeCodeSeed)  (\($0.role))"
                }
                lines.append("partner key \(demo.facts.partnerKey)")
            }
            lines.append("all of this stands in \(configuration["data"])/demo.json")
        }
        print(lines.joined(separator: "\n"))
        let took = ContinuousClock.now - started
        print("ready after \(took.components.seconds * 1000 + took.components.attoseconds / 1_000_000_000_000_000) ms")
        fflush(nil)
    }

    /// Asks for payments whose call never came, every minute; forgets old drafts and sessions, every hour.
    private func chores(_ portal: Portal, _ store: Store, _ merchant: VNPAYMerchant?) -> Task<Void, Never> {
        let client = HTTPClient(queue: WorkQueue(name: "gateway", width: 1, backlogLimit: 16))
        // Who takes no payments has nothing to do in a minute, and sleeps on.
        let minutes = merchant == nil ? 60 : 1
        // Not Task.sleep, which wakes by way of libdispatch's shared queues (`ProgramExecutor`).
        let alarm = DispatchQueue(label: "motcua.chores")
        return Task(executorPreference: ProgramExecutor.shared) {
            var minute = 0
            while !Task.isCancelled {
                await withCheckedContinuation { due in
                    alarm.asyncAfter(deadline: .now() + .seconds(minutes * 60)) { due.resume() }
                }
                if Task.isCancelled { return }
                minute += minutes
                if let merchant {
                    _ = await portal.askForPendingPayments(VNPAYQuery(merchant: merchant, client: client))
                }
                if minute.isMultiple(of: 60) { try? await store.removeExpired(at: SystemClock().now()) }
            }
        }
    }

    /// SIGHUP opens the log file again and reads the certificates again; open connections go on with the old ones.
    private func reopen(_ tls: TLSConfiguration?, _ log: AccessLog) {
        log.reopen()
        guard let tls else { return }
        do throws(TLSError) {
            try tls.reload()
            logger.info("certificates read again")
            tls.logWarnings(logger)
        } catch {
            logger.error("the certificates were not read again; the old ones stay", metadata: ["error": "\(error)"])
        }
    }

    /// The first signal, or a successor that has taken the sockets.
    private func nextEnding(_ endings: Endings, _ server: Server) async -> Ending {
        var offer: ListenerTakeover?
        do throws(SystemCallError) {
            offer = try ListenerTakeover(in: configuration["data"], sockets: server.listeningSockets) {
                endings.came(.takenOver)
            }
        } catch {
            logger.warning("no successor can take over", metadata: ["error": "\(error)"])
        }
        let ending = await endings.next()
        if ending != .takenOver { offer?.cancel() }
        return ending
    }
}
