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
    /// Lines of one loop, apart from those of the next in the processor's caches.
    private struct Shard: ~Copyable {
        let pending = Mutex(Pending())
        private let padding = InlineArray<8, UInt64>(repeating: 0)
    }

    private struct Pending: ~Copyable {
        var lines = LineBatch()
        var lost = 0
    }

    private struct File: ~Copyable {
        var descriptor: Int32
        /// Changes places with the lines of the loop that is written, so that no batch needs new storage.
        var spare = LineBatch()
    }

    /// A disk that does not keep up costs lines, never memory: so many bytes wait for each loop.
    private static let waitingBytes = 4 << 20
    /// So many are written at once, before the interval is over: storage stays small enough to be used again.
    private static let batchBytes = 192 << 10
    private static let keptBytes = 1 << 20
    private static let interval = DispatchTimeInterval.milliseconds(200)

    private let shards = InlineArray<64, Shard> { _ in Shard() }
    private let queue = DispatchQueue(label: "access-log")
    private let path: String
    private let secretPrefixes: [[UInt8]]
    /// Used on `queue` only, but for the beginning and the end.
    private let file: Mutex<File>

    /// Appends to the file at `path`, which is made with mode 0600. The path segment that follows one of `secretPrefixes`
    /// is written as `*`. When the file cannot be opened nothing is logged: serving goes before logging.
    public init(path: String, secretPrefixes: [String] = []) {
        self.path = path
        self.secretPrefixes = secretPrefixes.map { Array($0.utf8) }
        file = Mutex(File(descriptor: AccessLog.open(path)))
    }

    deinit { file.withLock { _ = close($0.descriptor) } }

    /// Whether the file could be opened.
    public var isOpen: Bool { file.withLock { $0.descriptor >= 0 } }

    /// Opens the file again, after another program has moved it away; blocks for as long as a write takes.
    public func reopen() {
        queue.sync {
            writeWaiting()
            let fresh = AccessLog.open(path)
            file.withLock { file in
                _ = close(file.descriptor)
                file.descriptor = fresh
            }
        }
    }

    /// Adds a line.
    public func exchangeFinished(_ record: ExchangeRecord) {
        let (before, after) = shards[record.loop & 63].pending.withLock { pending in
            let before = pending.lines.count
            if before < AccessLog.waitingBytes {
                append(record, to: &pending.lines)
            } else {
                pending.lost += 1
            }
            return (before, pending.lines.count)
        }
        if before == 0 {
            queue.asyncAfter(deadline: .now() + AccessLog.interval) { [self] in writeWaiting() }
        } else if before < AccessLog.batchBytes, after >= AccessLog.batchBytes {
            queue.async { [self] in writeWaiting() }
        }
    }

    /// Bytes held for lines, used or not.
    var storageByteCount: Int {
        queue.sync {
            shards.indices.reduce(file.withLock { $0.spare.capacity }) { sum, number in
                sum + shards[number].pending.withLock { $0.lines.capacity }
            }
        }
    }

    /// Writes what waits; blocks.
    public func flush() { queue.sync { writeWaiting() } }

    private static func open(_ path: String) -> Int32 {
        Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    }

    /// On `queue`.
    private func writeWaiting() {
        file.withLock { file in
            for number in shards.indices {
                let lost = shards[number].pending.withLock { pending in
                    // A loop that has nothing to say keeps what it has: else storage would wander to all that are idle.
                    guard !pending.lines.isEmpty else { return 0 }
                    swap(&pending.lines, &file.spare)
                    defer { pending.lost = 0 }
                    return pending.lost
                }
                file.spare.withBytes { AccessLog.write($0, to: file.descriptor) }
                file.spare.empty(keepingAtMost: AccessLog.keptBytes)
                if lost > 0 {
                    Array("{\"lost\":\(lost)}\n".utf8).withUnsafeBytes { AccessLog.write($0, to: file.descriptor) }
                }
            }
        }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) {
        guard descriptor >= 0 else { return }
        var start = 0
        while start < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + start }, bytes.count - start)
            guard count > 0 else { return }
            start += count
        }
    }

    // MARK: A line

    private func append(_ record: ExchangeRecord, to line: inout LineBatch) {
        line.append("{\"at\":")
        line.append(milliseconds: UInt64(clamping: record.at))
        line.append(",\"id\":\"")
        line.append(hexadecimal: record.head.id)
        line.append("\",\"listener\":\"")
        line.append(escaping: record.listener)
        line.append("\",\"peer\":\"")
        line.append(escaping: record.peer.address)
        // Most are GET, and a literal costs less than the method's text.
        if record.head.isRead, !record.head.isHead {
            line.append("\",\"method\":\"GET\",\"path\":\"")
        } else {
            line.append("\",\"method\":\"")
            line.append(escaping: record.head.method.name)
            line.append("\",\"path\":\"")
        }
        record.head.withPathBytes { path in appendPath(path, to: &line) }
        line.append("\",\"status\":")
        line.append(decimal: UInt64(clamping: record.statusCode))
        line.append(",\"bytes\":")
        line.append(decimal: UInt64(clamping: record.byteCount))
        line.append(",\"microseconds\":")
        line.append(decimal: record.microseconds)
        if let trace = TraceContext(record.head) {
            line.append(",\"trace\":\"")
            line.append(escaping: trace.traceID)
            line.append("\",\"parent\":\"")
            line.append(escaping: trace.parentID)
            line.append(UInt8(ascii: "\""))
        }
        if let refusal = record.refusal {
            line.append(",\"refused\":\"")
            line.append(escaping: refusal.reason)
            line.append(UInt8(ascii: "\""))
        }
        line.append("}\n")
    }

    private func appendPath(_ path: UnsafeRawBufferPointer, to line: inout LineBatch) {
        guard !secretPrefixes.isEmpty, AccessLog.hasOtherSpellings(path) else {
            return append(spelled: path, to: &line)
        }
        // As the routes see it: an encoded letter must not hide a prefix.
        let text = String(decoding: path, as: UTF8.self)
        guard let segments = try? RequestPath.segments(of: text) else { return line.append(UInt8(ascii: "*")) }
        let normal = Array(("/" + segments.joined(separator: "/")).utf8)
        normal.withUnsafeBytes { append(spelled: $0, to: &line) }
    }

    /// Encoded bytes, empty segments or dots, which can make another path of the same bytes.
    private static func hasOtherSpellings(_ path: UnsafeRawBufferPointer) -> Bool {
        var last: UInt8 = 0
        for byte in path {
            if byte == UInt8(ascii: "%") { return true }
            if last == UInt8(ascii: "/"), byte == UInt8(ascii: "/") || byte == UInt8(ascii: ".") { return true }
            last = byte
        }
        return false
    }

    private func append(spelled path: UnsafeRawBufferPointer, to line: inout LineBatch) {
        guard let prefix = secretPrefixes.first(where: { AccessLog.begins(path, with: $0) }) else {
            return line.append(escaping: path)
        }
        line.append(escaping: UnsafeRawBufferPointer(rebasing: path[..<prefix.count]))
        line.append(UInt8(ascii: "*"))
        let end = path[prefix.count...].firstIndex(of: UInt8(ascii: "/")) ?? path.count
        line.append(escaping: UnsafeRawBufferPointer(rebasing: path[end...]))
    }

    private static func begins(_ path: UnsafeRawBufferPointer, with prefix: [UInt8]) -> Bool {
        prefix.withUnsafeBytes { prefix in
            // Whoever types capitals means the same page.
            path.count >= prefix.count && zip(path, prefix).allSatisfy { ($0 | 0x20) == ($1 | 0x20) }
        }
    }
}
