import HTTPWire

/// Peers whose word about their client is believed. Everybody else's forwarding fields are ignored.
public struct TrustedProxies: Sendable, Hashable {
    /// Where they name the client. A proxy writes one of these and passes the other on as the client sent it: only one may be
    /// believed.
    public enum Field: String, Sendable, CaseIterable {
        /// X-Forwarded-For, with the scheme in X-Forwarded-Proto.
        case xForwardedFor = "x-forwarded-for"
        /// Forwarded (RFC 7239).
        case forwarded
    }

    private struct Network: Hashable, Sendable {
        let bytes: [UInt8]
        let prefix: Int
    }
    private var networks: [Network] = []
    private let field: Field

    /// Nobody.
    public static let none = TrustedProxies()

    private init() { field = .xForwardedFor }

    /// Addresses or networks in CIDR notation, and the field that all of them write; nil when one cannot be read.
    public init?(_ texts: [String], writing field: Field = .xForwardedFor) {
        self.field = field
        for text in texts {
            let parts = text.split(separator: "/", maxSplits: 1)
            guard let first = parts.first, let bytes = TextualAddress.bytes(of: first) else { return nil }
            var prefix = bytes.count * 8
            if parts.count == 2 {
                guard let given = Int(parts[1]), (0...prefix).contains(given) else { return nil }
                prefix = given
            }
            networks.append(Network(bytes: bytes, prefix: prefix))
        }
    }

    /// Whether they are nobody.
    public var isEmpty: Bool { networks.isEmpty }

    /// Whether `address` is one of them.
    public func contains(_ address: String) -> Bool {
        guard !networks.isEmpty, let bytes = TextualAddress.bytes(of: address) else { return false }
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

    /// The client behind the connection: the rightmost address in the proxies' field that is not itself trusted. The other
    /// field, whoever wrote it, says nothing.
    public func client(of head: RequestHead, connection: Peer) -> Peer {
        guard contains(connection.address) else { return connection }
        return switch field {
        case .xForwardedFor: clientByXForwardedFor(head.fields, connection)
        case .forwarded: clientByForwarded(head.fields, connection)
        }
    }

    private func clientByForwarded(_ fields: HeaderFields, _ connection: Peer) -> Peer {
        var address = connection.address
        var isSecure = connection.isSecure
        for hop in ForwardedField.hops(fields[.forwarded] ?? "").reversed() {
            if let scheme = hop.scheme { isSecure = scheme == "https" }
            guard let client = hop.client else { break }
            address = client
            if !contains(client) { break }
        }
        return Peer(address: address, isSecure: isSecure)
    }

    private func clientByXForwardedFor(_ fields: HeaderFields, _ connection: Peer) -> Peer {
        var address = connection.address
        for hop in TrustedProxies.elements(fields[.xForwardedFor]).reversed() {
            guard let client = TextualAddress.canonical(hop) ?? TextualAddress.node(hop) else { break }
            address = client
            if !contains(client) { break }
        }
        // The nearest proxy's word is the last.
        let scheme = TrustedProxies.elements(fields[TrustedProxies.xForwardedProto]).last?.lowercased()
        return Peer(address: address, isSecure: scheme.map { $0 == "https" } ?? connection.isSecure)
    }

    /// Nothing is quoted in these fields: a quotation mark of the client hides nothing that follows it.
    private static func elements(_ value: String?) -> [String] {
        (value ?? "").split(separator: ",").map { $0.filter { $0 != " " && $0 != "\t" } }.filter { !$0.isEmpty }
    }

    private static let xForwardedProto = FieldName(unchecked: "X-Forwarded-Proto")
}
