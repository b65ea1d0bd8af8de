/// The `for` and `proto` parameters of the Forwarded field (RFC 7239 §4, §5), hop by hop from the client on.
public enum ForwardedField {
    /// One hop.
    public struct Hop: Sendable, Hashable {
        /// The node without port and brackets, written canonically; nil when obfuscated, unknown, absent or no IP address:
        /// what else stands there is not believed (RFC 7239 §6).
        public let client: String?
        /// `http` or `https` in lower case, if named.
        public let scheme: String?
    }

    /// The hops of a field value, in order. It is read from its end, where the proxy wrote: a quotation mark that the client
    /// left open before that cannot swallow it.
    public static func hops(_ value: String) -> [Hop] {
        elements(value).map { element in
            var client: String?
            var scheme: String?
            for pair in ListField.elements(element, separator: Octet.semicolon) {
                let parts = pair.split(separator: "=", maxSplits: 1).map { $0.filter { $0 != " " && $0 != "\t" } }
                guard parts.count == 2 else { continue }
                let text =
                    parts[1].hasPrefix("\"") && parts[1].hasSuffix("\"")
                    ? String(parts[1].dropFirst().dropLast()) : parts[1]
                switch parts[0].lowercased() {
                case "for": client = TextualAddress.node(text)
                case "proto": scheme = text.lowercased()
                default: continue
                }
            }
            return Hop(client: client, scheme: scheme)
        }
    }

    private static func elements(_ value: String) -> [String] {
        var found: [String] = []
        let bytes = Array(value.utf8)
        var end = bytes.count
        var isQuoted = false
        for place in bytes.indices.reversed() {
            if bytes[place] == Octet.quote {
                let escapes = bytes[..<place].reversed().prefix { $0 == Octet.backslash }.count
                if !isQuoted || escapes.isMultiple(of: 2) { isQuoted.toggle() }
            } else if bytes[place] == UInt8(ascii: ","), !isQuoted {
                found.append(String(decoding: bytes[(place + 1)..<end], as: UTF8.self))
                end = place
            }
        }
        found.append(String(decoding: bytes[..<end], as: UTF8.self))
        return found.reversed().filter { $0.contains { $0 != " " && $0 != "\t" } }
    }
}
