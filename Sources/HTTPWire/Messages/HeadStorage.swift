import Glibc

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
@usableFromInline
final class HeadStorage: @unchecked Sendable {
    // Guard: filled before the head is handed out; emptied again only by who holds the only reference to it.
    struct Line {
        let name: ByteSpan
        var value: ByteSpan
        let known: KnownField
    }

    /// Memory of its own: an array would be counted and checked at each look.
    @exclusivity(unchecked) private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    @exclusivity(unchecked) private var count = 0
    @exclusivity(unchecked) private var lineMemory = UnsafeMutableBufferPointer<Line>(start: nil, count: 0)
    @exclusivity(unchecked) private var lineCount = 0
    /// The known names among the lines, and those among them that came more than once.
    @exclusivity(unchecked) private(set) var present: UInt32 = 0
    @exclusivity(unchecked) private var repeated: UInt32 = 0
    @exclusivity(unchecked) private var hostIndex = 0
    @exclusivity(unchecked) private(set) var method = Method.get
    /// Whether that is GET or HEAD; whether it is HEAD.
    @exclusivity(unchecked) @usableFromInline private(set) var isRead = true
    @exclusivity(unchecked) @usableFromInline private(set) var isHead = false
    @exclusivity(unchecked) private(set) var version = RequestHead.Version.http11
    /// Of the request target.
    @exclusivity(unchecked) var path = ByteSpan(0, count: 0)
    /// Behind "?"; nil without one.
    @exclusivity(unchecked) var query: ByteSpan?
    /// Of an absolute-form target, which overrides Host (RFC 9112 §3.2.2).
    @exclusivity(unchecked) var authority: ByteSpan?
    /// See `RequestHead`.
    @exclusivity(unchecked) @usableFromInline var requestID: UInt64 = 0
    @exclusivity(unchecked) @usableFromInline var route = -1
    /// Of a head that did not come over the wire: its fields, instead of lines.
    @exclusivity(unchecked) private(set) var made: HeaderFields?
    /// The last Host that was found valid: few names lead here, so that most need only be compared.
    private let goodHost = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 8)
    @exclusivity(unchecked) private var goodHostCount = 0

    /// Forgets the last head.
    func begin(_ method: Method, _ version: RequestHead.Version) {
        if method != self.method {
            self.method = method
            isHead = method == .head
            isRead = isHead || method == .get
        }
        self.version = version
        lineCount = 0
        present = 0
        repeated = 0
        path = ByteSpan(0, count: 0)
        query = nil
        authority = nil
        route = -1
        if made != nil { made = nil }
    }

    /// Takes the bytes that all places are in.
    func keep(_ head: UnsafeRawBufferPointer) {
        // Room for a Host that only the target names.
        let wanted = head.count + HeadStorage.hostName.utf8CodeUnitCount
        if memory.count < wanted {
            memory.deallocate()
            memory = .allocate(byteCount: max(wanted, 512), alignment: 8)
        }
        memory.copyMemory(from: head)
        count = head.count
    }

    /// Takes the fields of a head that did not come over the wire.
    func carry(_ fields: HeaderFields) {
        made = fields
        for field in fields.fields { present |= field.name.known.bit }
    }

    /// In wire order; valid as long as somebody holds the storage.
    var lines: UnsafeBufferPointer<Line> { UnsafeBufferPointer(rebasing: lineMemory[..<lineCount]) }

    @inline(__always)
    func add(_ line: Line) {
        if lineCount == lineMemory.count { makeRoomForLines() }
        lineMemory.initializeElement(at: lineCount, to: line)
        let bit = line.known.bit
        repeated |= present & bit
        present |= bit
        if line.known == .host { hostIndex = lineCount }
        lineCount &+= 1
    }

    @inline(never)
    private func makeRoomForLines() {
        let fresh = UnsafeMutableBufferPointer<Line>.allocate(capacity: max(16, lineCount * 2))
        _ = fresh.initialize(from: lines)
        lineMemory.deallocate()
        lineMemory = fresh
    }

    /// The authority of an absolute-form target takes Host's place (RFC 9112 §3.2.2), whether or not that was sent.
    func setHost(to authority: ByteSpan) {
        if has(.host) {
            lineMemory[hostIndex].value = authority
        } else {
            let name = HeadStorage.hostName
            memory[count...].copyBytes(from: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
            add(Line(name: ByteSpan(count, count: name.utf8CodeUnitCount), value: authority, known: .host))
            count += name.utf8CodeUnitCount
        }
    }

    private static let hostName: StaticString = "Host"

    deinit {
        memory.deallocate()
        lineMemory.deallocate()
        goodHost.deallocate()
    }

    func has(_ known: KnownField) -> Bool { present & known.bit != 0 }

    func isRepeated(_ known: KnownField) -> Bool { repeated & known.bit != 0 }

    /// The value of a field that came in one line; valid as long as somebody holds the storage.
    func onlyValue(of known: KnownField) -> UnsafeRawBufferPointer? {
        guard has(known), !isRepeated(known) else { return nil }
        for line in lines where line.known == known { return bytes(line.value) }
        return nil
    }

    /// Whether a field came over the wire in one line whose value is one of two texts, byte for byte.
    func says(_ known: KnownField, _ text: StaticString, or other: StaticString) -> Bool {
        guard made == nil, let value = onlyValue(of: known) else { return false }
        return value.equals(text) || value.equals(other)
    }

    /// Whether the only Host, which is there, is the last one found valid.
    @inline(__always)
    var hostIsKnown: Bool {
        let host = lineMemory[hostIndex].value
        guard Int(host.count) == goodHostCount, goodHostCount > 0, let memory = memory.baseAddress,
            let good = goodHost.baseAddress
        else { return false }
        return memcmp(memory + Int(host.start), good, goodHostCount) == 0
    }

    /// Whether the only Host, which is there, may be one.
    func hostIsValid() -> Bool {
        let host = bytes(lineMemory[hostIndex].value)
        guard HostRules.isValid(host) else { return false }
        if host.count <= goodHost.count {
            goodHost.copyMemory(from: host)
            goodHostCount = host.count
        }
        return true
    }

    /// Whether a field of the set may be there.
    func mayHave(_ fields: UInt32) -> Bool { present & fields != 0 }

    /// Valid as long as somebody holds the storage.
    func bytes(_ span: ByteSpan) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[span.range]) }

    @usableFromInline var pathBytes: UnsafeRawBufferPointer { bytes(path) }

    func text(_ span: ByteSpan) -> String { bytes(span).text }

    /// Whether a line's name is `name`.
    func isNamed(_ line: Line, _ name: FieldName) -> Bool {
        guard name.known == line.known else { return false }
        if name.known != .other { return true }
        guard Int(line.name.count) == name.canonical.utf8.count else { return false }
        return zip(bytes(line.name), name.canonical.utf8).allSatisfy { Octet.lower($0) == $1 }
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
