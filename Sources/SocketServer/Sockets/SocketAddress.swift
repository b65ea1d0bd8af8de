import Glibc

/// Where to listen: `127.0.0.1:8080`, `[::1]:0`. Names are not resolved: an operator says which address.
public struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
    /// The textual address without brackets.
    public let host: String
    /// 0 lets the system choose.
    public let port: UInt16

    /// nil unless an IPv4 address, or an IPv6 address in brackets, with a port.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            var six = in6_addr()
            guard inet_pton(AF_INET6, host, &six) == 1 else { return nil }
        } else {
            var four = in_addr()
            guard inet_pton(AF_INET, host, &four) == 1 else { return nil }
        }
        self.init(host: host, port: port)
    }

    init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// As it is written on the command line.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// The same host with a port that is free now, when this one leaves the choice to the system; itself otherwise.
    public func withFreePort() throws(SystemCallError) -> SocketAddress {
        guard port == 0 else { return self }
        let probe = try Sockets.bind(to: self, shared: false)
        defer { close(probe) }
        return Sockets.localAddress(of: probe) ?? self
    }

    /// Whether it stands for every address of the machine, `0.0.0.0` or `::` in any spelling: to listen at, not to go to.
    public var isEveryAddress: Bool { host.utf8.allSatisfy { "0.:".utf8.contains($0) } }

    /// Throws when nobody could listen here now: the address is not this machine's, is taken, or needs a right.
    public func requireFree() throws(SystemCallError) { close(try Sockets.bind(to: self, shared: false)) }

    func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        if host.contains(":") {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            inet_pton(AF_INET6, host, &address.sin6_addr)
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// Reads what the kernel says; IPv4 addresses mapped into IPv6 become plain ones.
    init?(_ storage: sockaddr_storage) {
        var storage = storage
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        switch Int32(storage.ss_family) {
        case AF_INET:
            let port = withUnsafePointer(to: &storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                    withUnsafePointer(to: address.pointee.sin_addr) {
                        _ = inet_ntop(AF_INET, $0, &text, socklen_t(text.count))
                    }
                    return UInt16(bigEndian: address.pointee.sin_port)
                }
            }
            self.init(host: SocketAddress.string(text), port: port)
        case AF_INET6:
            let port = withUnsafePointer(to: &storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                    withUnsafePointer(to: address.pointee.sin6_addr) {
                        _ = inet_ntop(AF_INET6, $0, &text, socklen_t(text.count))
                    }
                    return UInt16(bigEndian: address.pointee.sin6_port)
                }
            }
            let host = SocketAddress.string(text)
            self.init(host: host.hasPrefix("::ffff:") ? String(host.dropFirst(7)) : host, port: port)
        default: return nil
        }
    }

    private static func string(_ text: [CChar]) -> String {
        String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
