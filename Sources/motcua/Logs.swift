import Dispatch
import Foundation
import Glibc
import Logging
import Portal
import SocketServer
import Synchronization

/// Events of the program as JSON lines on the error stream.
struct JSONLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info
    let label: String

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line: [String: String] = [
            "time": ISO8601DateFormatter().string(from: Date()), "level": event.level.rawValue,
            "message": "\(event.message)",
        ]
        for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) { line[key] = "\(value)" }
        // JSON escapes every control character: nobody can forge a second line.
        guard let data = try? JSONEncoder.lines.encode(line) else { return }
        FileHandle.standardError.write(data + Data([10]))
    }
}

extension JSONEncoder {
    static var lines: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}

/// One line an exchange in `DATA/access.jsonl`, written in batches off the event loops. Names nobody: no query, and the
/// unguessable part of a draft's address is left out.
final class AccessLog: ExchangeObserver {
    private let queue = DispatchQueue(label: "motcua.access-log")
    private let pending = Mutex<(lines: [UInt8], lost: Int)>(([], 0))
    private let descriptor: Int32
    private let metrics: RequestMetrics

    init(path: String, metrics: RequestMetrics) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        self.metrics = metrics
    }

    func exchangeFinished(_ record: ExchangeRecord) {
        metrics.record(
            listener: record.listener, method: record.method.name, status: record.status.code, bytes: record.byteCount,
            microseconds: record.microseconds)
        guard descriptor >= 0 else { return }
        var line =
            "{\"at\":\(Int64(Date().timeIntervalSince1970 * 1000)),\"listener\":\"\(record.listener)\",\"peer\":\""
        line += "\(record.peer.address)\",\"method\":\"\(AccessLog.escaped(record.method.name))\",\"path\":\""
        line +=
            "\(AccessLog.escaped(AccessLog.masked(record.path)))\",\"status\":\(record.status.code),\"bytes\":\(record.byteCount),"
        line += "\"microseconds\":\(record.microseconds)"
        if let refusal = record.refusal { line += ",\"refused\":\"\(AccessLog.escaped(refusal.reason))\"" }
        line += "}\n"
        let isFirst = pending.withLock { pending -> Bool in
            // A disk that does not keep up costs lines, never memory.
            guard pending.lines.count < 4 << 20 else {
                pending.lost += 1
                return false
            }
            pending.lines.append(contentsOf: line.utf8)
            return pending.lines.count == line.utf8.count
        }
        if isFirst { queue.asyncAfter(deadline: .now() + .milliseconds(200)) { [self] in flush() } }
    }

    /// Writes what waits.
    func flush() {
        let (lines, lost) = pending.withLock { pending in
            defer { pending = ([], 0) }
            return (pending.lines, pending.lost)
        }
        guard descriptor >= 0, !lines.isEmpty else { return }
        _ = write(descriptor, lines, lines.count)
        if lost > 0 {
            let note = Array("{\"lost\":\(lost)}\n".utf8)
            _ = write(descriptor, note, note.count)
        }
    }

    /// `/nop/…/tre`: who has the token has the draft.
    static func masked(_ path: String) -> String {
        guard path.hasPrefix("/nop/") else { return path }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return parts.enumerated().map { $0.offset == 2 ? "*" : String($0.element) }.joined(separator: "/")
    }

    private static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C || $0 == 0x7F }) else { return text }
        return text.unicodeScalars.map { scalar in
            scalar.value < 0x20 || scalar == "\"" || scalar == "\\" || scalar.value == 0x7F
                ? String(format: "\\u%04x", scalar.value) : String(scalar)
        }.joined()
    }
}
