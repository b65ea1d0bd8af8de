import HTTPWire

/// Compresses text for clients that take gzip, when it pays. Answers that have a coding, or whose `Vary` says that the
/// choice was made already, are left alone, and so are those marked by `Response.keptUncompressed()`.
public struct Compression: Middleware {
    /// Below this a network packet is not saved.
    private static let smallestByteCount = 1024
    /// Above this the loop would be held for more than some milliseconds.
    private static let largestByteCount = 1 << 20

    /// No settings.
    public init() {}

    /// Replaces the body and names the coding.
    public func leave(_ exchange: Exchange, _ response: inout Response) {
        guard case .bytes(let bytes) = response.body, response.status.code == 200,
            !Compression.isSettled(response.fields),
            (Compression.smallestByteCount...Compression.largestByteCount).contains(bytes.count),
            Compression.pays(for: response.fields[.contentType])
        else { return }
        response.fields.addVary("Accept-Encoding")
        guard Compression.accepts(exchange.head),
            let compressed = Gzip.compress(bytes, level: 1), compressed.count < bytes.count
        else { return }
        // The bytes differ from those a strong tag was made for (RFC 9110 §8.8.1).
        if let etag = response.fields[.etag], !etag.hasPrefix("W/") { response.fields.set(.etag, "W/" + etag) }
        response.fields.append(.contentEncoding, "gzip")
        response.body = .bytes(compressed)
    }

    /// Whether the client takes gzip. The two lists that nearly every browser sends are known by heart. Requests that
    /// another site's page makes by itself get no compression: their lengths shall tell nothing (BREACH).
    static func accepts(_ head: RequestHead) -> Bool {
        let takesGzip =
            switch head.fields[.acceptEncoding] {
            case nil: false
            case "gzip, deflate, br", "gzip, deflate, br, zstd": true
            default: AcceptEncoding.choose(from: ["gzip"], for: head.fields) == "gzip"
            }
        return takesGzip && !SameOrigin.isDrivenByAnotherSite(head.fields)
    }

    private static func isSettled(_ fields: HeaderFields) -> Bool {
        if fields[.contentEncoding] != nil { return true }
        guard let vary = fields[.vary] else { return false }
        return vary == "Accept-Encoding" || ListField.tokens(vary).contains("accept-encoding")
    }

    /// Text shrinks to a fifth; pictures, PDF and archives are compressed already.
    static func pays(for contentType: String?) -> Bool {
        guard let type = contentType?.prefix(while: { $0 != ";" }) else { return false }
        return type.hasPrefix("text/") || type.hasSuffix("+xml") || type.hasSuffix("json")
            || type.hasSuffix("javascript")
    }
}

extension HeaderFields {
    /// Adds a name to `Vary` unless it stands there.
    mutating func addVary(_ name: String) {
        guard let vary = self[.vary] else { return append(.vary, name) }
        guard !ListField.tokens(vary).contains(name.lowercased()), vary != "*" else { return }
        set(.vary, vary + ", " + name)
    }
}
