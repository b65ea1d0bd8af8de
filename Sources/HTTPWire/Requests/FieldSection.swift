/// One field line, checked (RFC 9112 §5): where its name ends and where its value stands.
struct FieldLine {
    let name: UnsafeRawBufferPointer
    let value: UnsafeRawBufferPointer

    init(_ line: UnsafeRawBufferPointer) throws(Refusal) {
        guard line[0] != Octet.space, line[0] != Octet.tab else {
            throw Refusal(.badRequest, "RFC 9112 §5.2", "folded line")
        }
        var colon = 0
        while colon < line.count, isTokenByte(line[colon]) { colon += 1 }
        guard colon > 0, colon < line.count, line[colon] == Octet.colon else {
            guard line.firstOffset(of: Octet.colon, from: 0) != nil else {
                throw Refusal(.badRequest, "RFC 9112 §5", "field line without colon")
            }
            throw Refusal(.badRequest, "RFC 9112 §5.1", "field name is not a token")
        }
        name = UnsafeRawBufferPointer(start: line.baseAddress, count: colon)
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
        var position = 0
        while position + 8 <= count, !mayHoldControl(loadUnaligned(fromByteOffset: position, as: UInt64.self)) {
            position += 8
        }
        while position < count {
            let byte = self[position]
            if byte < 0x20 && byte != Octet.tab || byte == 0x7F { return false }
            position += 1
        }
        return true
    }
}

/// Whether one of eight bytes may be a control character; true for some that are none (a tab, a letter beside one).
private func mayHoldControl(_ word: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    // A byte below 0x20 borrows from its high bit; one that is 0x7F carries into it.
    return ((word &- ones &* 0x20) & ~word | (word &+ ones) & ~word) & highs != 0
}
