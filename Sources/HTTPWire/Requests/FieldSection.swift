/// Field lines of a head or of trailers (RFC 9112 §5), checked one by one.
struct FieldSection {
    let limits: WireLimits
    private(set) var fields = HeaderFields()
    private var count = 0

    init(limits: WireLimits) {
        self.limits = limits
    }

    mutating func add(_ line: UnsafeRawBufferPointer) throws(Refusal) {
        count += 1
        guard count <= limits.fieldCount else {
            throw Refusal(.headerFieldsTooLarge, "RFC 6585 §5", "too many fields")
        }
        guard line[0] != Octet.space, line[0] != Octet.tab else {
            throw Refusal(.badRequest, "RFC 9112 §5.2", "folded line")
        }
        guard let colon = line.firstOffset(of: Octet.colon, from: 0) else {
            throw Refusal(.badRequest, "RFC 9112 §5", "field line without colon")
        }
        let name = UnsafeRawBufferPointer(rebasing: line[..<colon])
        guard !name.isEmpty, name.allSatisfy(isTokenByte) else {
            throw Refusal(.badRequest, "RFC 9112 §5.1", "field name is not a token")
        }
        let value = UnsafeRawBufferPointer(rebasing: line[(colon + 1)...]).trimmed
        guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == Octet.tab }) else {
            throw Refusal(.badRequest, "RFC 9110 §5.5", "control character in a field value")
        }
        fields.append(FieldName.known(name) ?? FieldName(unchecked: name.text), value.text)
    }
}

extension FieldName {
    /// The shared value for the names that almost every request carries, which saves their two strings.
    static func known(_ bytes: UnsafeRawBufferPointer) -> FieldName? {
        switch bytes.count {
        case 4: bytes.equalsIgnoringCase("Host") ? .host : nil
        case 6:
            bytes.equalsIgnoringCase("Accept") ? .accept : bytes.equalsIgnoringCase("Cookie") ? .cookie : nil
        case 10:
            bytes.equalsIgnoringCase("User-Agent")
                ? .userAgent : bytes.equalsIgnoringCase("Connection") ? .connection : nil
        case 12: bytes.equalsIgnoringCase("Content-Type") ? .contentType : nil
        case 13: bytes.equalsIgnoringCase("If-None-Match") ? .ifNoneMatch : nil
        case 14: bytes.equalsIgnoringCase("Content-Length") ? .contentLength : nil
        case 15:
            bytes.equalsIgnoringCase("Accept-Encoding")
                ? .acceptEncoding : bytes.equalsIgnoringCase("X-Forwarded-For") ? .xForwardedFor : nil
        default: nil
        }
    }
}
