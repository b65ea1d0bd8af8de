import HTTPWire

/// multipart/form-data (RFC 7578, RFC 2046 §5.1) as a state machine: bytes in, events out, whatever the pieces.
/// It keeps at most one part's header section, or a boundary's length of content.
struct MultipartParser: Sendable {
    enum Event: Sendable, Hashable {
        /// A part begins.
        case begin(PartHead)
        /// Some of its content; never empty.
        case content([UInt8])
        /// The part is complete.
        case end
    }

    /// What a part says of itself.
    struct PartHead: Sendable, Hashable {
        let name: String
        /// nil for text fields.
        let fileName: String?
        let contentType: String?
    }

    enum Defect: Error, Sendable, Hashable {
        /// The body does not begin with the boundary, or something stands behind it.
        case badDelimiter
        /// A part's header section is malformed, too long, or names no field.
        case badPartHead
        /// The body ended before the last boundary.
        case unfinished
    }

    private enum State: Sendable {
        case start, head, content, finished
        /// So many blanks behind a boundary were passed over.
        case afterDelimiter(padding: Int)
    }

    private static let headByteLimit = 8 << 10
    private static let paddingLimit = 64
    /// Bytes of an incomplete head that are known not to end it: single bytes must not cost a search from its start each.
    private var searched = 0
    private let delimiter: [UInt8]
    private var state = State.start
    private var buffer: [UInt8] = []

    /// nil for a boundary that RFC 2046 §5.1.1 does not allow.
    init?(boundary: String) {
        let bytes = Array(boundary.utf8)
        guard (1...70).contains(bytes.count), bytes.last != 0x20, bytes.allSatisfy(MultipartParser.isBoundaryByte)
        else {
            return nil
        }
        delimiter = [13, 10, 45, 45] + bytes
        // The first boundary has no line before it; with this line end all boundaries look alike.
        buffer = [13, 10]
    }

    /// What the next bytes mean.
    mutating func feed(_ bytes: [UInt8]) throws(Defect) -> [Event] {
        buffer += bytes
        var events: [Event] = []
        var position = 0
        while let next = try step(from: position, into: &events) { position = next }
        buffer.removeFirst(min(consumed, buffer.count))
        consumed = 0
        return events
    }

    private var consumed = 0

    /// The body is complete.
    func finish() throws(Defect) {
        guard case .finished = state else { throw .unfinished }
    }

    /// One transition; nil when more bytes are needed. Keeps `consumed` true.
    private mutating func step(from position: Int, into events: inout [Event]) throws(Defect) -> Int? {
        let available = buffer.count - position
        switch state {
        case .start:
            guard available >= delimiter.count else {
                guard delimiter.starts(with: buffer[position...]) else { throw .badDelimiter }
                return nil
            }
            guard buffer[position...].starts(with: delimiter) else { throw .badDelimiter }
            return advance(to: position + delimiter.count, .afterDelimiter(padding: 0))
        case .afterDelimiter(let padding):
            // Mail gateways pad lines (RFC 2046 §5.1.1, transport-padding).
            if available >= 1, MultipartParser.isBlank(buffer[position]) {
                guard padding < MultipartParser.paddingLimit else { throw .badDelimiter }
                return advance(to: position + 1, .afterDelimiter(padding: padding + 1))
            }
            guard available >= 2 else { return nil }
            switch (buffer[position], buffer[position + 1]) {
            case (13, 10): return advance(to: position + 2, .head)
            case (45, 45) where padding == 0: return advance(to: position + 2, .finished)
            default: throw .badDelimiter
            }
        case .head:
            guard let end = headEnd(from: position, searched) else {
                searched = max(0, available - 3)
                guard available <= MultipartParser.headByteLimit else { throw .badPartHead }
                return nil
            }
            searched = 0
            guard end - position <= MultipartParser.headByteLimit else { throw .badPartHead }
            events.append(.begin(try PartHead(parsing: buffer[position..<end])))
            return advance(to: end + 4, .content)
        case .content:
            return content(from: position, into: &events)
        case .finished:
            // Senders end the body with a line end, perhaps padded, or nothing; anything else was meant for someone else.
            guard buffer[position...].allSatisfy({ $0 == 13 || $0 == 10 || MultipartParser.isBlank($0) }) else {
                throw .badDelimiter
            }
            consumed = buffer.count
            return nil
        }
    }

    private mutating func advance(to position: Int, _ next: State) -> Int {
        state = next
        consumed = position
        return position
    }

    private mutating func content(from position: Int, into events: inout [Event]) -> Int? {
        var start = position
        while let candidate = buffer[start...].firstIndex(of: 13) {
            let rest = buffer[candidate...]
            if rest.count < delimiter.count {
                if delimiter.starts(with: rest) {
                    emit(position..<candidate, &events)
                    consumed = candidate
                    return nil
                }
            } else if rest.starts(with: delimiter) {
                emit(position..<candidate, &events)
                events.append(.end)
                return advance(to: candidate + delimiter.count, .afterDelimiter(padding: 0))
            }
            start = candidate + 1
        }
        emit(position..<buffer.count, &events)
        consumed = buffer.count
        return nil
    }

    private func emit(_ range: Range<Int>, _ events: inout [Event]) {
        if !range.isEmpty { events.append(.content(Array(buffer[range]))) }
    }

    private func headEnd(from position: Int, _ searched: Int) -> Int? {
        var index = position + searched
        while index + 3 < buffer.count {
            if buffer[index] == 13, buffer[index + 1] == 10, buffer[index + 2] == 13, buffer[index + 3] == 10 {
                return index
            }
            index += 1
        }
        return nil
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func isBoundaryByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "'()+_,-./:=? ".utf8.contains(byte)
        }
    }
}

extension MultipartParser.PartHead {
    /// Reads a part's header section without its last line end.
    init(parsing bytes: ArraySlice<UInt8>) throws(MultipartParser.Defect) {
        guard let text = String(validating: bytes, as: UTF8.self), HeaderFields.isSafe(text.replacing("\r\n", with: ""))
        else { throw .badPartHead }
        var disposition: ParameterList?
        var type: String?
        for line in text.split(separator: "\r\n", omittingEmptySubsequences: false) {
            guard let colon = line.firstIndex(of: ":"), let name = FieldName(String(line[..<colon])) else {
                throw .badPartHead
            }
            let value = String(line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" })
            switch name.canonical {
            case "content-disposition":
                guard disposition == nil, let parsed = ParameterList(value) else { throw .badPartHead }
                disposition = parsed
            case "content-type":
                guard type == nil else { throw .badPartHead }
                type = value
            default:
                // RFC 7578 §4.8: other fields mean nothing here.
                continue
            }
        }
        guard let disposition, disposition.head.lowercased() == "form-data",
            let name = disposition.parameters["name"]
        else { throw .badPartHead }
        self.name = MultipartParser.PartHead.unescaped(name)
        // RFC 7578 §4.2 tells senders not to write the second form; some libraries do for names with marks, and then only it
        // says the whole name (RFC 6266 §4.3).
        // What cannot be decoded gives way to the plain form (ibid.).
        let plain = disposition.parameters["filename"].map(MultipartParser.PartHead.unescaped)
        if let extended = disposition.parameters["filename*"] {
            guard let fileName = ExtendedValue.text(extended) ?? plain else { throw .badPartHead }
            self.fileName = fileName
        } else {
            self.fileName = plain
        }
        self.contentType = type
    }

    /// Browsers write quotes and line ends in names as %22, %0D and %0A (WHATWG HTML, multipart/form-data encoding).
    private static func unescaped(_ text: String) -> String {
        text.replacing("%22", with: "\"").replacing("%0D", with: "\r").replacing("%0A", with: "\n")
    }
}
