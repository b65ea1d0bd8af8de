import HTTPWire

/// Compresses text for clients that take gzip, when it pays. Answers that already have a coding are left alone, and so
/// are those marked by `Response.keptUncompressed()`.
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
            response.fields[.contentEncoding] == nil,
            (Compression.smallestByteCount...Compression.largestByteCount).contains(bytes.count),
            Compression.pays(for: response.fields[.contentType])
        else { return }
        response.fields.addVary("Accept-Encoding")
        guard AcceptEncoding.choose(from: ["gzip"], for: exchange.head.fields) == "gzip",
            let compressed = Gzip.compress(bytes, level: 1), compressed.count < bytes.count
        else { return }
        // The bytes differ from those a strong tag was made for (RFC 9110 §8.8.1).
        if let etag = response.fields[.etag], !etag.hasPrefix("W/") { response.fields.set(.etag, "W/" + etag) }
        response.fields.append(.contentEncoding, "gzip")
        response.body = .bytes(compressed)
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
