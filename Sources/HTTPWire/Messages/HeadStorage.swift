/// A place in the bytes of a head.
struct ByteSpan: Sendable {
    var start: UInt32
    var count: UInt32

    init(_ start: Int, count: Int) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.count = UInt32(truncatingIfNeeded: count)
    }

    var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
}

/// The bytes of one request head and the places of its parts. Texts are made from it only when somebody asks, because most
/// requests ask for one or two of their fields.
///
/// A connection's loop uses the same storage for request after request as long as nobody else holds it.
final class HeadStorage: @unchecked Sendable {
    // Guard: filled before the head is handed out; emptied again only by who holds the only reference to it.
    struct Line {
        let name: ByteSpan
        var value: ByteSpan
        let known: KnownField
    }

    private(set) var bytes: [UInt8] = []
    private(set) var lines: [Line] = []
    /// The known names among the lines.
    private(set) var present: UInt32 = 0
    /// Of the request target.
    var path = ByteSpan(0, count: 0)
    /// Behind "?"; nil without one.
    var query: ByteSpan?
    /// See `RequestHead`.
    var requestID: UInt64 = 0
    var route = -1
    /// Of a head that did not come over the wire: its fields, instead of lines.
    var made: HeaderFields?

    func refill(_ head: UnsafeRawBufferPointer) {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: head)
        lines.removeAll(keepingCapacity: true)
        present = 0
        query = nil
        made = nil
        route = -1
    }

    func add(_ line: Line) {
        lines.append(line)
        present |= line.known.bit
    }

    /// The authority of an absolute-form target takes Host's place (RFC 9112 §3.2.2), whether or not that was sent.
    func setHost(to authority: ByteSpan) {
        if let index = lines.firstIndex(where: { $0.known == .host }) {
            lines[index].value = authority
        } else {
            let name = ByteSpan(bytes.count, count: 4)
            bytes.append(contentsOf: "Host".utf8)
            add(Line(name: name, value: authority, known: .host))
        }
    }

    func has(_ known: KnownField) -> Bool { present & known.bit != 0 }

    func withBytes<Result>(_ span: ByteSpan, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[span.range])) }
    }

    func text(_ span: ByteSpan) -> String { withBytes(span) { $0.text } }

    /// Whether a line's name is `name`.
    func isNamed(_ line: Line, _ name: FieldName) -> Bool {
        guard name.known == line.known else { return false }
        if name.known != .other { return true }
        guard Int(line.name.count) == name.canonical.utf8.count else { return false }
        return withBytes(line.name) { bytes in
            zip(bytes, name.canonical.utf8).allSatisfy { Octet.lower($0) == $1 }
        }
    }
}

/// Storage for heads, used again and again by whoever takes them one after the other.
public struct HeadBuffer {
    private var storage = HeadStorage()

    /// Empty.
    public init() {}

    /// Storage that nobody else holds: the same as last time, when the last head is gone.
    mutating func fresh() -> HeadStorage {
        if !isKnownUniquelyReferenced(&storage) { storage = HeadStorage() }
        return storage
    }
}
