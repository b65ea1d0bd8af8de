import Dispatch
import FoundationEssentials
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
            "time": Date.now.formatted(.iso8601), "level": event.level.rawValue,
            "message": "\(event.message)",
        ]
        for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) { line[key] = "\(value)" }
        // JSON escapes every control character: nobody can forge a second line.
        guard let data = try? JSONEncoder.lines.encode(line) else { return }
        writeToErrorStream(data + [10])
    }
}

extension JSONEncoder {
    static var lines: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
