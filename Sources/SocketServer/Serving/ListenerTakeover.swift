import CLinux
import Dispatch
import Glibc

/// Passing the listening sockets on to the next version of the program, over a Unix socket in a folder that only this
/// user can enter: no connection is refused while one ends and the other begins.
///
/// The order is what makes it whole. The successor asks; the predecessor sends its sockets and is told that they arrived and will do;
/// only then it stops accepting. New connections wait in the sockets' queues until the successor takes them.
public final class ListenerTakeover: @unchecked Sendable {
    // Guard: `source` is written by init only, and Dispatch sources may be cancelled from any thread.
    private static let name = "takeover.sock"
    private static let arrived: UInt8 = 0x06
    private let source: any DispatchSourceRead
    private let folder: String

    /// Waits for a successor in `folder`; `taken` runs once, after it has the sockets. Throws when the folder does not take
    /// a socket.
    public init(
        in folder: String, sockets: ListeningSockets, taken: @escaping @Sendable () -> Void
    ) throws(SystemCallError) {
        self.folder = folder
        unlink(folder + "/" + ListenerTakeover.name)
        let listening = try ListenerTakeover.open(folder) { bind($0, $1, $2) }
        chmod(folder + "/" + ListenerTakeover.name, 0o600)
        guard listen(listening, 4) == 0 else { throw SystemCallError("listen") }
        let source = DispatchSource.makeReadSource(fileDescriptor: listening, queue: DispatchQueue(label: "takeover"))
        self.source = source
        source.setCancelHandler { close(listening) }
        source.setEventHandler {
            let peer = ListenerTakeover.accept(listening)
            guard peer >= 0 else { return }
            defer { close(peer) }
            guard ListenerTakeover.give(sockets, to: peer) else { return }
            source.cancel()
            taken()
        }
        source.resume()
    }

    /// Gives the offer up; for a stop without a successor.
    public func cancel() {
        guard !source.isCancelled else { return }
        source.cancel()
        unlink(folder + "/" + ListenerTakeover.name)
    }

    /// Asks whoever serves in `folder` for its sockets, and tells it to stop once `check` has found that they will do; when it
    /// throws, the other one goes on as if nobody had asked. Blocks for at most ten seconds and for the check, which should
    /// not take as long; throws a `SystemCallError` when nobody answers.
    public static func take(
        from folder: String, onceChecked check: (ListeningSockets) throws -> Void
    ) throws -> ListeningSockets {
        let peer = try open(folder) { connect($0, $1, $2) }
        defer { close(peer) }
        bound(peer)
        var descriptors = [Int32](repeating: -1, count: 253)
        var count = descriptors.count
        var bytes = [UInt8](repeating: 0, count: 4096)
        let received = clinux_receive_descriptors(peer, &descriptors, &count, &bytes, bytes.count)
        guard received > 0, count > 0 else { throw SystemCallError("recvmsg", received < 0 ? errno : ECONNRESET) }
        var found: [String: [Int32]] = [:]
        var next = 0
        for line in String(decoding: bytes[..<received], as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: " ")
            guard parts.count == 2, let mine = Int(parts[1]), mine > 0, next + mine <= count else { break }
            found[String(parts[0]), default: []] += descriptors[next..<(next + mine)]
            next += mine
        }
        for descriptor in descriptors[next..<count] { close(descriptor) }
        let sockets = ListeningSockets(found)
        do {
            try check(sockets)
        } catch {
            sockets.closeRest()
            throw error
        }
        var word = arrived
        guard next > 0, send(peer, &word, 1, Int32(MSG_NOSIGNAL)) == 1 else { throw SystemCallError("send") }
        return sockets
    }

    private static func give(_ sockets: ListeningSockets, to peer: Int32) -> Bool {
        bound(peer)
        let all = sockets.byListener.sorted { $0.key < $1.key }
        let descriptors = all.flatMap(\.value)
        let text = Array(all.map { "\($0.key) \($0.value.count)\n" }.joined().utf8)
        guard clinux_send_descriptors(peer, descriptors, descriptors.count, text, text.count) == 0 else { return false }
        var word: UInt8 = 0
        return recv(peer, &word, 1, 0) == 1 && word == arrived
    }

    /// A silent peer must not hold anybody for ever.
    private static func bound(_ descriptor: Int32) {
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    private static func accept(_ listening: Int32) -> Int32 {
        let peer = Glibc.accept(listening, nil, nil)
        if peer >= 0 { _ = fcntl(peer, F_SETFD, FD_CLOEXEC) }
        return peer
    }

    /// A Unix socket bound or connected at the name in `folder`. The path goes by the folder's descriptor, because a
    /// socket's own path may have 107 bytes only.
    private static func open(
        _ folder: String, _ join: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(SystemCallError) -> Int32 {
        let directory = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw SystemCallError("open \(folder)") }
        defer { close(directory) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemCallError("socket") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { path in
            path.copyBytes(from: "/proc/self/fd/\(directory)/\(name)".utf8)
        }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                join(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else {
            let error = SystemCallError("take-over socket in \(folder)")
            close(descriptor)
            throw error
        }
        return descriptor
    }
}
