import HTTPWire
import Platform

/// Answers to requests for ranges (RFC 9110 §14, §15.3.7, §15.5.17).
enum PartialContent {
    /// 206 with one range, 206 with several as multipart/byteranges, 416, or everything with 200. `fields` describe the
    /// whole representation, `Content-Type` among them.
    static func response(of bytes: [UInt8], _ range: String, _ fields: HeaderFields) -> Response {
        switch ByteRange.evaluate(range, size: Int64(bytes.count)) {
        case .whole:
            return Response(.ok, fields: fields, body: .bytes(bytes))
        case .unsatisfiable: return unsatisfiable(byteCount: Int64(bytes.count))
        case .parts(let ranges) where ranges.count == 1:
            var fields = fields
            fields.append(.contentRange, contentRange(ranges[0], of: bytes))
            return Response(.partialContent, fields: fields, body: .bytes(slice(ranges[0], of: bytes)))
        case .parts(let ranges):
            return multipart(ranges, of: bytes, fields)
        }
    }

    /// 416, with the length there is.
    static func unsatisfiable(byteCount: Int64) -> Response {
        var fields = HeaderFields()
        fields.append(.contentRange, "bytes */\(byteCount)")
        fields.append(.acceptRanges, "bytes")
        return Response(.rangeNotSatisfiable, fields: fields)
    }

    /// RFC 9110 §14.6. Nothing in the content can be the boundary, because nobody knows it before.
    private static func multipart(_ ranges: [ByteRange], of bytes: [UInt8], _ fields: HeaderFields) -> Response {
        let boundary = SecureRandom.bytes(18).base64URL
        let type = fields[.contentType].map { "Content-Type: \($0)\r\n" } ?? ""
        var body: [UInt8] = []
        for range in ranges {
            body += "\r\n--\(boundary)\r\n\(type)Content-Range: \(contentRange(range, of: bytes))\r\n\r\n".utf8
            body += slice(range, of: bytes)
        }
        body += "\r\n--\(boundary)--\r\n".utf8
        var fields = fields
        fields.set(.contentType, "multipart/byteranges; boundary=\(boundary)")
        return Response(.partialContent, fields: fields, body: .bytes(body))
    }

    private static func contentRange(_ range: ByteRange, of bytes: [UInt8]) -> String {
        "bytes \(range.first)-\(range.last)/\(bytes.count)"
    }

    private static func slice(_ range: ByteRange, of bytes: [UInt8]) -> [UInt8] {
        Array(bytes[Int(range.first)...Int(range.last)])
    }
}
