import Glibc
import HTTPWire

/// Peers whose word about their client is believed. Everybody else's forwarding fields are ignored.
public struct TrustedProxies: Sendable, Hashable {
    private struct Network: Hashable, Sendable {
        let bytes: [UInt8]
        let prefix: Int
    }
    private var networks: [Network] = []

    /// Nobody.
    public static let none = TrustedProxies()

    private init() {}

    /// Addresses or networks in CIDR notation; nil when one cannot be read.
    public init?(_ texts: [String]) {
        for text in texts {
            let parts = text.split(separator: "/", maxSplits: 1)
            guard let first = parts.first, let bytes = TrustedProxies.bytes(of: String(first)) else { return nil }
            var prefix = bytes.count * 8
            if parts.count == 2 {
                guard let given = Int(parts[1]), (0...prefix).contains(given) else { return nil }
                prefix = given
            }
            networks.append(Network(bytes: bytes, prefix: prefix))
        }
    }

    /// Whether `address` is one of them.
    public func contains(_ address: String) -> Bool {
        guard !networks.isEmpty, let bytes = TrustedProxies.bytes(of: address) else { return false }
        return networks.contains { network in
            guard network.bytes.count == bytes.count else { return false }
            let whole = network.prefix / 8
            let rest = network.prefix % 8
            guard network.bytes[..<whole] == bytes[..<whole] else { return false }
            guard rest > 0 else { return true }
            let mask = UInt8(truncatingIfNeeded: 0xFF << (8 - rest))
            return network.bytes[whole] & mask == bytes[whole] & mask
        }
    }

    /// The client behind the connection: the rightmost address in Forwarded (RFC 7239), or else in X-Forwarded-For, that
    /// is not itself trusted.
    public func client(of head: RequestHead, connection: Peer) -> Peer {
        guard contains(connection.address) else { return connection }
        var address = connection.address
        if let forwarded = head.fields[.forwarded] {
            var isSecure = connection.isSecure
            for hop in ForwardedField.hops(forwarded).reversed() {
                if let scheme = hop.scheme { isSecure = scheme == "https" }
                guard let client = hop.client, TrustedProxies.bytes(of: client) != nil else { break }
                address = client
                if !contains(client) { break }
            }
            return Peer(address: address, isSecure: isSecure)
        }
        for hop in ListField.elements(head.fields[.xForwardedFor] ?? "").reversed() {
            guard TrustedProxies.bytes(of: hop) != nil else { break }
            address = hop
            if !contains(hop) { break }
        }
        let scheme = head.fields[FieldName(unchecked: "X-Forwarded-Proto")]?.lowercased()
        return Peer(address: address, isSecure: scheme.map { $0 == "https" } ?? connection.isSecure)
    }

    private static func bytes(of text: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
        var six = in6_addr()
        if inet_pton(AF_INET6, text, &six) == 1 { return withUnsafeBytes(of: six) { Array($0) } }
        return nil
    }
}
