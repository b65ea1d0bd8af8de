/// The `for` and `proto` parameters of the Forwarded field (RFC 7239 §4, §5), hop by hop from the client on.
public enum ForwardedField {
    /// One hop.
    public struct Hop: Sendable, Hashable {
        /// The node without port and brackets; nil when obfuscated, unknown or absent.
        public let client: String?
        /// `http` or `https` in lower case, if named.
        public let scheme: String?
    }

    /// The hops of a field value, in order.
    public static func hops(_ value: String) -> [Hop] {
        ListField.elements(value).map { element in
            var client: String?
            var scheme: String?
            for pair in ListField.elements(element, separator: Octet.semicolon) {
                let parts = pair.split(separator: "=", maxSplits: 1).map { $0.filter { $0 != " " && $0 != "\t" } }
                guard parts.count == 2 else { continue }
                let text =
                    parts[1].hasPrefix("\"") && parts[1].hasSuffix("\"")
                    ? String(parts[1].dropFirst().dropLast()) : parts[1]
                switch parts[0].lowercased() {
                case "for": client = node(text)
                case "proto": scheme = text.lowercased()
                default: continue
                }
            }
            return Hop(client: client, scheme: scheme)
        }
    }

    /// An IP address with perhaps a port, or nothing: what else stands there is not believed (RFC 7239 §6).
    private static func node(_ text: String) -> String? {
        if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
            let address = text[text.index(after: text.startIndex)..<close]
            return TextualAddress.isSix(address) ? String(address) : nil
        }
        guard let address = text.split(separator: ":", omittingEmptySubsequences: false).first,
            TextualAddress.isFour(address)
        else {
            return nil
        }
        return String(address)
    }
}
