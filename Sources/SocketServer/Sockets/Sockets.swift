import CLinux
import Glibc

/// A system call that failed, with its name: for the log.
public struct SystemCallError: Error, Sendable, Hashable, CustomStringConvertible {
    /// e.g. `bind`.
    public let call: String
    /// errno.
    public let code: Int32

    init(_ call: String, _ code: Int32 = errno) {
        self.call = call
        self.code = code
    }

    /// e.g. `bind: Address already in use`.
    public var description: String { "\(call): \(String(cString: strerror(code)))" }
}

/// What a transfer came to. One place asks errno; nobody else does.
enum Transfer: Equatable {
    case bytes(Int)
    case wouldBlock
    case ended
    case failed
}

/// The calls of this room on plain sockets, EINTR retried.
enum Sockets {
    static func listen(on address: SocketAddress, shared: Bool) throws(SystemCallError) -> Int32 {
        let descriptor = try bind(to: address, shared: shared)
        guard Glibc.listen(descriptor, 4096) == 0 else {
            throw closing(descriptor, SystemCallError("listen \(address)"))
        }
        return descriptor
    }

    /// A socket that has the address but takes nobody: whoever came to it would be reset when it is closed.
    static func bind(to address: SocketAddress, shared: Bool) throws(SystemCallError) -> Int32 {
        let family = address.host.contains(":") ? AF_INET6 : AF_INET
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemCallError("socket") }
        set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        // Accepted sockets inherit it.
        set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        if shared { set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) }
        if family == AF_INET6 { set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
        let bound = address.withSockaddr { Glibc.bind(descriptor, $0, $1) }
        guard bound == 0 else { throw closing(descriptor, SystemCallError("bind \(address)")) }
        return descriptor
    }

    private static func closing(_ descriptor: Int32, _ error: SystemCallError) -> SystemCallError {
        close(descriptor)
        return error
    }

    static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    static func localAddress(of descriptor: Int32) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return status == 0 ? SocketAddress(storage) : nil
    }

    static func isListening(_ descriptor: Int32) -> Bool {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0, value == 1 else { return false }
        return getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &value, &length) == 0 && value == SOCK_STREAM.rawValue
    }

    /// What `listen` does to its own sockets.
    static func prepareInherited(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    }

    static func duplicate(_ descriptor: Int32) -> Int32 { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) }

    enum Accepted {
        case connection(Int32, SocketAddress)
        case none
        /// Out of descriptors: accepting must rest.
        case exhausted
    }

    static func accept(_ listener: Int32) -> Accepted {
        while true {
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let descriptor = withUnsafeMutablePointer(to: &storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { clinux_accept(listener, $0, &length) }
            }
            if descriptor >= 0 {
                return .connection(descriptor, SocketAddress(storage) ?? SocketAddress(host: "0.0.0.0", port: 0))
            }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
            default: return .none
            }
        }
    }

    /// `peeks` leaves the bytes in the socket.
    static func receive(
        _ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer, peeks: Bool = false
    ) -> Transfer {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, peeks ? Int32(MSG_PEEK) : 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .ended }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .wouldBlock : .failed
        }
    }

    static func send(
        _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, moreFollows: Bool = false
    ) -> Transfer {
        let flags = Int32(MSG_NOSIGNAL) | (moreFollows ? Int32(MSG_MORE) : 0)
        while true {
            let count = Glibc.send(descriptor, bytes.baseAddress, bytes.count, flags)
            if count >= 0 { return .bytes(count) }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .wouldBlock : .failed
        }
    }

    static func send(
        _ descriptor: Int32, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
    ) -> Transfer {
        while true {
            let count = clinux_send_two(descriptor, first.baseAddress, first.count, second.baseAddress, second.count)
            if count >= 0 { return .bytes(count) }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .wouldBlock : .failed
        }
    }

    /// Bytes that were sent and not acknowledged; 0 where the system does not say.
    static func outstandingBytes(_ descriptor: Int32) -> UInt64 { UInt64(max(0, clinux_outstanding_bytes(descriptor))) }

    /// sendfile(2) from `offset`; `ended` when the file is shorter than promised.
    static func sendFile(_ descriptor: Int32, from file: Int32, offset: Int64, count: Int64) -> Transfer {
        while true {
            var position = off_t(offset)
            let sent = sendfile(descriptor, file, &position, Int(min(count, 1 << 20)))
            if sent > 0 { return .bytes(sent) }
            if sent == 0 { return .ended }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .wouldBlock : .failed
        }
    }
}
