import Dispatch
import Glibc
import HTTPWire
import Synchronization

/// One JSON line an exchange, written in batches off the event loops. Names nobody: no query, no field of the request, and
/// path segments that are secrets are left out.
///
/// Members: `at` (milliseconds since 1970), `id` (the request's number), `listener`, `peer`, `method`, `path`, `status`,
/// `bytes`, `microseconds`; `trace` and `parent` when the caller sent a traceparent; `refused` when the server itself
/// refused.
public final class AccessLog: ExchangeObserver {
    /// Lines of one loop; padded by being an object of its own.
    private final class Shard: Sendable {
        let pending = Mutex<(lines: [UInt8], lost: Int)>(([], 0))
    }

    /// A disk that does not keep up costs lines, never memory: so many bytes wait for each loop.
    private static let waitingBytes = 4 << 20
    private static let interval = DispatchTimeInterval.milliseconds(200)

    private let shards = (0..<64).map { _ in Shard() }
    private let queue = DispatchQueue(label: "access-log")
    private let path: String
    private let secretPrefixes: [[UInt8]]
    /// Written on `queue` only, but for the first.
    private let descriptor: Mutex<Int32>

    /// Appends to the file at `path`, which is made with mode 0600. The path segment that follows one of `secretPrefixes`
    /// is written as `*`. When the file cannot be opened nothing is logged: serving goes before logging.
    public init(path: String, secretPrefixes: [String] = []) {
        self.path = path
        self.secretPrefixes = secretPrefixes.map { Array($0.utf8) }
        descriptor = Mutex(AccessLog.open(path))
    }

    deinit { descriptor.withLock { _ = close($0) } }

    /// Whether the file could be opened.
    public var isOpen: Bool { descriptor.withLock { $0 >= 0 } }

    /// Opens the file again, after another program has moved it away; blocks for as long as a write takes.
    public func reopen() {
        queue.sync {
            writeWaiting()
            let fresh = AccessLog.open(path)
            descriptor.withLock { held in
                _ = close(held)
                held = fresh
            }
        }
    }

    /// Adds a line.
    public func exchangeFinished(_ record: ExchangeRecord) {
        let isFirst = shards[record.loop & 63].pending.withLock { pending -> Bool in
            guard pending.lines.count < AccessLog.waitingBytes else {
                pending.lost += 1
                return false
            }
            let isFirst = pending.lines.isEmpty
            append(record, to: &pending.lines)
            return isFirst
        }
        if isFirst { queue.asyncAfter(deadline: .now() + AccessLog.interval) { [self] in writeWaiting() } }
    }

    /// Writes what waits; blocks.
    public func flush() { queue.sync { writeWaiting() } }

    private static func open(_ path: String) -> Int32 {
        Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    }

    /// On `queue`.
    private func writeWaiting() {
        for shard in shards {
            let (lines, lost) = shard.pending.withLock { pending in
                let taken = pending
                pending = ([], 0)
                // The next batch will be about as long: growing step by step would copy it several times.
                if !taken.lines.isEmpty { pending.lines.reserveCapacity(min(taken.lines.count, 1 << 20)) }
                return taken
            }
            guard !lines.isEmpty else { continue }
            write(lines)
            if lost > 0 { write(Array("{\"lost\":\(lost)}\n".utf8)) }
        }
    }

    private func write(_ bytes: [UInt8]) {
        let descriptor = descriptor.withLock { $0 }
        guard descriptor >= 0 else { return }
        var start = 0
        while start < bytes.count {
            let count = bytes[start...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            start += count
        }
    }

    // MARK: A line

    private func append(_ record: ExchangeRecord, to line: inout [UInt8]) {
        line.append(contentsOf: "{\"at\":".utf8)
        line.append(decimal: record.at)
        line.append(contentsOf: ",\"id\":\"".utf8)
        line.append(hexadecimal: record.head.id)
        line.append(contentsOf: "\",\"listener\":\"".utf8)
        line.append(escaping: record.listener.utf8)
        line.append(contentsOf: "\",\"peer\":\"".utf8)
        line.append(escaping: record.peer.address.utf8)
        line.append(contentsOf: "\",\"method\":\"".utf8)
        line.append(escaping: record.head.method.name.utf8)
        line.append(contentsOf: "\",\"path\":\"".utf8)
        record.head.withPathBytes { path in appendPath(path, to: &line) }
        line.append(contentsOf: "\",\"status\":".utf8)
        line.append(decimal: Int64(record.status.code))
        line.append(contentsOf: ",\"bytes\":".utf8)
        line.append(decimal: record.byteCount)
        line.append(contentsOf: ",\"microseconds\":".utf8)
        line.append(decimal: Int64(clamping: record.microseconds))
        if let trace = TraceContext(record.head.fields) {
            line.append(contentsOf: ",\"trace\":\"\(trace.traceID)\",\"parent\":\"\(trace.parentID)\"".utf8)
        }
        if let refusal = record.refusal {
            line.append(contentsOf: ",\"refused\":\"".utf8)
            line.append(escaping: refusal.reason.utf8)
            line.append(UInt8(ascii: "\""))
        }
        line.append(contentsOf: "}\n".utf8)
    }

    private func appendPath(_ path: UnsafeRawBufferPointer, to line: inout [UInt8]) {
        guard let prefix = secretPrefixes.first(where: { path.starts(with: $0) }) else {
            return line.append(escaping: path)
        }
        line.append(escaping: prefix)
        line.append(UInt8(ascii: "*"))
        line.append(escaping: path[prefix.count...].drop { $0 != UInt8(ascii: "/") })
    }
}

extension [UInt8] {
    fileprivate mutating func append(decimal number: Int64) {
        guard number >= 10 else { return append(UInt8(ascii: "0") + UInt8(Swift.max(0, number))) }
        append(decimal: number / 10)
        append(UInt8(ascii: "0") + UInt8(number % 10))
    }

    /// Sixteen digits.
    fileprivate mutating func append(hexadecimal number: UInt64) {
        for shift in stride(from: 60, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(shift)) & 15
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }

    /// As the inside of a JSON string (RFC 8259 §7); what is not ASCII is left out of what a request line may hold.
    fileprivate mutating func append(escaping bytes: some Sequence<UInt8>) {
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case 0x20..<0x7F: append(byte)
            default:
                append(contentsOf: "\\u00".utf8)
                for digit in [byte >> 4, byte & 15] {
                    append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
                }
            }
        }
    }
}
