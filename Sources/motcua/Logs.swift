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

/// How far a long command is, on one line of a terminal; nothing where nobody watches.
struct TerminalProgress: Sendable {
    private let isWatched = isatty(2) == 1

    func show(step: String, done: Int, total: Int, rate: Double, secondsLeft: Double?) {
        guard isWatched else { return }
        let left = secondsLeft.map { String(format: ", %.0f s left", $0) } ?? ""
        let line = "\r\(step): \(done)/\(total), \(String(format: "%.0f", rate))/s\(left)   "
        FileHandle.standardError.write(Data((line + (done >= total ? "\n" : "")).utf8))
    }
}
