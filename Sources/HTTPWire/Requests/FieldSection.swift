/// One field line, checked (RFC 9112 §5): where its name and its value stand, and where the line after it begins.
struct FieldLine {
    let name: ByteSpan
    let value: ByteSpan
    let known: KnownField
    let next: Int

    /// Reads the line at `start` in one walk; nil when `bytes` end before it does.
    @inline(__always)
    init?(_ bytes: Octets, at start: Int) throws(Refusal) {
        guard let colon = bytes.firstColon(from: start) else {
            if !bytes[start..<bytes.count].contains(Octet.lineFeed) { return nil }
            throw FieldLine.refusal(of: bytes, at: start)
        }
        let name = bytes[start..<colon]
        known = KnownField(name)
        guard known != .other || name.isToken else { throw FieldLine.refusal(of: bytes, at: start) }
        var first = colon &+ 1
        while Octet.isBlank(bytes[first]) { first &+= 1 }
        let end = bytes.firstControl(from: first)
        guard end &+ 1 < bytes.count else { return nil }
        guard bytes[end] == Octet.carriageReturn, bytes[end &+ 1] == Octet.lineFeed else {
            throw Refusal(.badRequest, "RFC 9110 §5.5", "control character in a field value")
        }
        var last = end
        while last > first, Octet.isBlank(bytes[last &- 1]) { last &-= 1 }
        self.name = ByteSpan(start, count: colon &- start)
        value = ByteSpan(first, count: last &- first)
        next = end &+ 2
    }

    /// What is wrong with a line whose name is.
    @inline(never)
    private static func refusal(of bytes: Octets, at start: Int) -> Refusal {
        guard !Octet.isBlank(bytes[start]) else { return Refusal(.badRequest, "RFC 9112 §5.2", "folded line") }
        guard bytes[start..<bytes.count].prefix(while: { $0 != Octet.lineFeed }).contains(Octet.colon) else {
            return Refusal(.badRequest, "RFC 9112 §5", "field line without colon")
        }
        return Refusal(.badRequest, "RFC 9112 §5.1", "field name is not a token")
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

    /// `line` ends with CRLF.
    mutating func add(_ line: UnsafeRawBufferPointer) throws(Refusal) {
        count += 1
        guard count <= limits.fieldCount else { throw FieldSection.tooMany }
        guard let bytes = Octets(line), let field = try FieldLine(bytes, at: 0) else {
            preconditionFailure("a line without its end")
        }
        fields.append(
            FieldName(unchecked: bytes[field.name.range].text), bytes[field.value.range].text)
    }

    static let tooMany = Refusal(.headerFieldsTooLarge, "RFC 6585 §5", "too many fields")
}

extension UnsafeRawBufferPointer {
    /// Whether all bytes are of a token, and there is one.
    fileprivate var isToken: Bool {
        guard count >= 8, let start = baseAddress else { return !isEmpty && allSatisfy(isTokenByte) }
        var position = 0
        while true {
            let word = UInt64(littleEndian: (start + position).loadUnaligned(as: UInt64.self))
            guard Octet.areUsualInNames(word) else { return allSatisfy(isTokenByte) }
            guard position &+ 8 < count else { return true }
            // The last word overlaps the one before.
            position = Swift.min(position &+ 8, count &- 8)
        }
    }
}

extension Octets {
    @inline(__always)
    fileprivate func firstColon(from start: Int) -> Int? {
        var position = start
        while position < count {
            let found = Octet.matches(word(at: position), Octet.colon)
            if found != 0 { return position &+ found.firstByte }
            position &+= 8
        }
        return nil
    }

    /// Where the first control character other than the tab stands (RFC 9110 §5.5); `count` when there is none. Not inlined:
    /// the loop runs over most bytes of a head and wants its words in registers.
    @inline(never)
    fileprivate func firstControl(from start: Int) -> Int {
        var position = start
        while position < count {
            let found = Octet.controls(word(at: position))
            guard found != 0 else {
                position &+= 8
                continue
            }
            position &+= found.firstByte
            // Behind the end there are zeros.
            guard self[position] == Octet.tab else { break }
            position &+= 1
        }
        return Swift.min(position, count)
    }
}
