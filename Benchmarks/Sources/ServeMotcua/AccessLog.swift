import Dispatch
import Foundation
import Glibc
import HTTPWire
import SocketServer
import Synchronization

/// The same work as the program's log and counters (Sources/motcua/Logs.swift, RequestMetrics), which live in rooms that no
/// other package can import. Keep it the same when those change.
final class AccessLog: ExchangeObserver {
    private struct Key: Hashable {
        let listener: String
        let method: String
        let status: Int
    }

    private let queue = DispatchQueue(label: "access-log")
    private let pending = Mutex<[UInt8]>([])
    private let counts = Mutex<[Key: (count: Int, bytes: Int64, microseconds: UInt64)]>([:])
    private let descriptor: Int32

    init(path: String) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        precondition(descriptor >= 0, "cannot open \(path)")
    }

    func exchangeFinished(_ record: ExchangeRecord) {
        count(record)
        var line =
            "{\"at\":\(Int64(Date().timeIntervalSince1970 * 1000)),\"listener\":\"\(record.listener)\",\"peer\":\""
        line += "\(record.peer.address)\",\"method\":\"\(AccessLog.escaped(record.method.name))\",\"path\":\""
        line +=
            "\(AccessLog.escaped(record.path))\",\"status\":\(record.status.code),\"bytes\":\(record.byteCount),"
        line += "\"microseconds\":\(record.microseconds)"
        if let refusal = record.refusal { line += ",\"refused\":\"\(AccessLog.escaped(refusal.reason))\"" }
        line += "}\n"
        let isFirst = pending.withLock { lines -> Bool in
            guard lines.count < 4 << 20 else { return false }
            lines.append(contentsOf: line.utf8)
            return lines.count == line.utf8.count
        }
        if isFirst { queue.asyncAfter(deadline: .now() + .milliseconds(200)) { [self] in flush() } }
    }

    private func count(_ record: ExchangeRecord) {
        let name = record.method.name
        let known = ["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"].contains(name) ? name : "other"
        counts.withLock { counts in
            let key = Key(listener: record.listener, method: known, status: record.status.code)
            let old = counts[key] ?? (0, 0, 0)
            counts[key] = (old.count + 1, old.bytes + record.byteCount, old.microseconds + record.microseconds)
        }
    }

    private func flush() {
        let lines = pending.withLock { lines in
            defer { lines = [] }
            return lines
        }
        _ = write(descriptor, lines, lines.count)
    }

    private static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C || $0 == 0x7F }) else { return text }
        return text.unicodeScalars.map { scalar in
            scalar.value < 0x20 || scalar == "\"" || scalar == "\\" || scalar.value == 0x7F
                ? String(format: "\\u%04x", scalar.value) : String(scalar)
        }.joined()
    }
}
