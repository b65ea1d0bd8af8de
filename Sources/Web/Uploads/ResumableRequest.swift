import FoundationEssentials
import HTTPWire

// Fields of draft-ietf-httpbis-resumable-upload-12 §4.1 unless a line says otherwise.
extension FieldName {
    /// Where the next byte belongs, from 0.
    public static let uploadOffset = FieldName(unchecked: "Upload-Offset")
    /// Whether this is all of it.
    public static let uploadComplete = FieldName(unchecked: "Upload-Complete")
    /// Bytes of the whole.
    public static let uploadLength = FieldName(unchecked: "Upload-Length")
    /// What the server takes.
    public static let uploadLimit = FieldName(unchecked: "Upload-Limit")
    /// RFC 5789 §3.1
    public static let acceptPatch = FieldName(unchecked: "Accept-Patch")
    /// RFC 9530 §3
    public static let reprDigest = FieldName(unchecked: "Repr-Digest")
}

/// What a request says of the upload that it begins or continues. A field that is not what it must be counts as absent.
public struct ResumableRequest: Sendable, Hashable {
    /// The media type of content that continues an upload.
    public static let mediaType = "application/partial-upload"

    /// Where its content belongs.
    public var offset: Int64?
    /// Whether the upload ends with this request.
    public var isComplete: Bool?
    /// Bytes of the whole upload.
    public var length: Int64?
    /// Bytes of this request's content; nil when chunked.
    public var contentLength: Int64?
    /// SHA-256 of the whole upload.
    public var digest: [UInt8]?
    /// Whether the content is declared to be a part of an upload.
    public var isPart: Bool

    /// Says nothing but what is given; for tests.
    public init(
        offset: Int64? = nil, isComplete: Bool? = nil, length: Int64? = nil, contentLength: Int64? = nil,
        digest: [UInt8]? = nil, isPart: Bool = true
    ) {
        self.offset = offset
        self.isComplete = isComplete
        self.length = length
        self.contentLength = contentLength
        self.digest = digest
        self.isPart = isPart
    }

    /// Reads a request's head.
    public init(_ head: RequestHead) {
        offset = StructuredItem.count(head.fields[.uploadOffset])
        isComplete = StructuredItem.flag(head.fields[.uploadComplete])
        length = StructuredItem.count(head.fields[.uploadLength])
        let isChunked = head.fields[.transferEncoding] != nil
        // Held below what sums could overflow; the server has checked the digits.
        contentLength = isChunked ? nil : head.fields[.contentLength].map { min(Int64($0) ?? .max, 1 << 50) } ?? 0
        digest = StructuredItem.bytes("sha-256", in: head.fields[.reprDigest])
        isPart = MediaType(head.fields[.contentType] ?? "")?.name == ResumableRequest.mediaType
    }

    /// Bytes of the whole as far as this request tells them at `offset`; throws when it tells two.
    func length(at offset: Int64) throws(ResumableRefusal) -> Int64? {
        guard isComplete == true, let contentLength else { return length }
        let sum = offset + contentLength
        guard length == nil || length == sum else { throw .inconsistentLength }
        return sum
    }
}

/// Values of structured fields (RFC 9651), as far as uploads need them. Parameters are passed over.
enum StructuredItem {
    /// A non-negative Integer of at most 15 digits; nil for anything else.
    static func count(_ text: String?) -> Int64? {
        guard let bare = bare(text), (1...15).contains(bare.utf8.count),
            bare.utf8.allSatisfy({ (48...57).contains($0) })
        else { return nil }
        return Int64(bare)
    }

    /// A Boolean; nil for anything else.
    static func flag(_ text: String?) -> Bool? {
        switch bare(text) {
        case "?1": true
        case "?0": false
        default: nil
        }
    }

    /// The Byte Sequence of 32 bytes under `key` in a Dictionary; nil for anything else. The last one counts.
    static func bytes(_ key: String, in text: String?) -> [UInt8]? {
        var found: [UInt8]?
        for member in (text ?? "").split(separator: ",") {
            let parts = member.split(separator: "=", maxSplits: 1).map(trimmed)
            guard parts.count == 2, parts[0] == key, let value = bare(parts[1]), value.hasPrefix(":"),
                value.hasSuffix(":"), let data = Data(base64Encoded: String(value.dropFirst().dropLast())),
                data.count == 32
            else { continue }
            found = Array(data)
        }
        return found
    }

    private static func bare(_ text: String?) -> String? {
        text.map { trimmed($0.prefix { $0 != ";" }) }
    }

    private static func trimmed(_ text: Substring) -> String {
        let start = text.drop { $0 == " " }
        return String(start.reversed().drop { $0 == " " }.reversed())
    }
}
