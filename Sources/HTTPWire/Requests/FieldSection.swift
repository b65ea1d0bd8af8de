/// One field line, checked (RFC 9112 §5): where its name ends and where its value stands.
struct FieldLine {
    let name: UnsafeRawBufferPointer
    let value: UnsafeRawBufferPointer

    init(_ line: UnsafeRawBufferPointer) throws(Refusal) {
        guard line[0] != Octet.space, line[0] != Octet.tab else {
            throw Refusal(.badRequest, "RFC 9112 §5.2", "folded line")
        }
        guard let colon = line.firstOffset(of: Octet.colon, from: 0) else {
            throw Refusal(.badRequest, "RFC 9112 §5", "field line without colon")
        }
        name = UnsafeRawBufferPointer(rebasing: line[..<colon])
        guard !name.isEmpty, name.allSatisfy(isTokenByte) else {
            throw Refusal(.badRequest, "RFC 9112 §5.1", "field name is not a token")
        }
        value = UnsafeRawBufferPointer(rebasing: line[(colon + 1)...]).trimmed
        guard value.isFieldValue else {
            throw Refusal(.badRequest, "RFC 9110 §5.5", "control character in a field value")
        }
    }
}

/// The field lines of trailers, kept as texts.
struct FieldSection {
    let limits: WireLimits
    private(set) var fields = HeaderFields()
    private var count = 0

    init(limits: WireLimits) {
        self.limits = limits
    }

    mutating func add(_ bytes: UnsafeRawBufferPointer) throws(Refusal) {
        count += 1
        guard count <= limits.fieldCount else { throw FieldSection.tooMany }
        let line = try FieldLine(bytes)
        fields.append(FieldName(unchecked: line.name.text), line.value.text)
    }

    static let tooMany = Refusal(.headerFieldsTooLarge, "RFC 6585 §5", "too many fields")
}

extension UnsafeRawBufferPointer {
    /// Whether no byte is a control character other than the tab (RFC 9110 §5.5).
    fileprivate var isFieldValue: Bool {
        for byte in self where byte < 0x20 && byte != Octet.tab || byte == 0x7F { return false }
        return true
    }
}
