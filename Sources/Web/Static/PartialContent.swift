import HTTPWire
import Platform

/// Answers with one range or several of what is in memory (RFC 9110 §14, §15.3.7).
enum PartialContent {
    /// 206 with one range, or with several as multipart/byteranges. `ranges` are at least one, and within `bytes`; `fields`
    /// describe the whole representation, `Content-Type` among them.
    static func response(of bytes: [UInt8], _ ranges: [ByteRange], _ fields: HeaderFields) -> Response {
        guard ranges.count == 1 else { return multipart(ranges, of: bytes, fields) }
        var fields = fields
        fields.append(.contentRange, ranges[0].contentRange(of: Int64(bytes.count)))
        return Response(.partialContent, fields: fields, body: .bytes(slice(ranges[0], of: bytes)))
    }

    /// RFC 9110 §14.6. Nothing in the content can be the boundary, because nobody knows it before.
    private static func multipart(_ ranges: [ByteRange], of bytes: [UInt8], _ fields: HeaderFields) -> Response {
        let boundary = SecureRandom.bytes(18).base64URL
        let type = fields[.contentType].map { "Content-Type: \($0)\r\n" } ?? ""
        let size = Int64(bytes.count)
        var body: [UInt8] = []
        for range in ranges {
            body += "\r\n--\(boundary)\r\n\(type)Content-Range: \(range.contentRange(of: size))\r\n\r\n".utf8
            body += slice(range, of: bytes)
        }
        body += "\r\n--\(boundary)--\r\n".utf8
        var fields = fields
        fields.set(.contentType, "multipart/byteranges; boundary=\(boundary)")
        return Response(.partialContent, fields: fields, body: .bytes(body))
    }

    private static func slice(_ range: ByteRange, of bytes: [UInt8]) -> [UInt8] {
        Array(bytes[Int(range.first)...Int(range.last)])
    }
}

extension ByteRange {
    /// The value of Content-Range (RFC 9110 §14.4).
    func contentRange(of size: Int64) -> String { "bytes \(first)-\(last)/\(size)" }
}
