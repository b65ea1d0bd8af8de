import HTTPWire

/// Compresses text for clients that take brotli or gzip, when it pays and gives nothing away. Answers that have a coding,
/// or whose `Vary` says that the choice was made already, are left alone, and so are those marked by
/// `Response.keptUncompressed()`.
public struct Compression: Middleware {
    /// Below this a network packet is not saved.
    private static let smallestByteCount = 1024
    /// Above this the loop would be held for more than some milliseconds.
    private static let largestByteCount = 1 << 20
    /// A tenth smaller than gzip for about the same work; more costs more than it saves.
    private static let quality: Int32 = 4

    /// No settings.
    public init() {}

    /// Replaces the body and names the coding.
    public func leave(_ exchange: Exchange, _ response: inout Response) {
        guard response.prepared == nil, case .bytes(let bytes) = response.body, response.status.code == 200,
            !Compression.isSettled(response.fields),
            (Compression.smallestByteCount...Compression.largestByteCount).contains(bytes.count),
            Compression.pays(for: response.fields[.contentType])
        else { return }
        // Also of an answer that stays as it is for its cookie: without one the same address is compressed.
        response.fields.addVary("Accept-Encoding")
        guard !Compression.couldTell(exchange, response), !Compression.isForRange(exchange.head, response) else {
            return
        }
        // A client that takes nothing gets the content as it is: the handler has run, and may have changed something.
        guard case .coding(let coding) = Compression.choose(from: [.brotli, .gzip], for: exchange.head),
            let compressed = Compression.compress(bytes, coding), compressed.count < bytes.count
        else { return }
        // The bytes differ from those a strong tag was made for (RFC 9110 §8.8.1).
        if let etag = response.fields[.etag], !etag.hasPrefix("W/") { response.fields.set(.etag, "W/" + etag) }
        response.fields.append(.contentEncoding, coding.rawValue)
        response.body = .bytes(compressed)
    }

    private static func compress(_ bytes: [UInt8], _ coding: ContentCoding) -> [UInt8]? {
        switch coding {
        case .brotli: Brotli.compress(bytes, quality: quality)
        case .gzip: Gzip.compress(bytes, level: 1)
        }
    }

    /// Whether a secret and something that another site can choose may stand together, so that the compressed length
    /// would tell the secret letter by letter (BREACH, 2013). A secret is there when the person is known by a field or
    /// becomes so; another site can choose the query of a link, and what a form carries.
    static func couldTell(_ exchange: Exchange, _ response: Response) -> Bool {
        let fields = exchange.head.fields
        guard fields[.cookie] != nil || fields[.authorization] != nil || response.fields[.setCookie] != nil else {
            return false
        }
        return exchange.head.query != nil || !exchange.isSafe
    }

    /// What to send to this client. The two lists that nearly every browser sends are known by heart. Requests that another
    /// site's page makes by itself get no compression: their lengths shall tell nothing (BREACH).
    static func choose(from offered: [ContentCoding], for head: RequestHead) -> AcceptEncoding.Choice {
        guard AcceptEncoding.mayBeThere(in: head) else { return .identity }
        let offered = SameOrigin.isDrivenByAnotherSite(head) ? [] : offered
        guard AcceptEncoding.isUsual(in: head) else {
            return AcceptEncoding.choose(from: offered, for: head.fields)
        }
        return offered.first.map { .coding($0) } ?? .identity
    }

    /// Ranges are of the bytes that the handler tagged.
    private static func isForRange(_ head: RequestHead, _ response: Response) -> Bool {
        head.method == .get && head.fields[.range] != nil && response.fields[.etag] != nil
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

extension Response {
    /// 406: this client takes none of the forms that there are. Only where nothing has happened yet (RFC 9110 §12.1).
    static func notAcceptable() -> Response {
        var response = Response(Status(406, "Not Acceptable"))
        response.fields.append(.vary, "Accept-Encoding")
        return response
    }
}
