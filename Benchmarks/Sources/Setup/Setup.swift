// What Benchmarks/run tells a Swift server on its command line.
import Glibc

public struct Setup: Sendable {
    public let port: Int
    /// Event loops, where the server lets us choose.
    public let loops: Int
    /// The folder with `files/100k` and `files/10m`.
    public let root: String
    /// Fields that every page carries, so that all servers send as many bytes.
    public let fields: [(name: String, value: String)]
    /// PEM files; nil for a plain listener.
    public let tls: (certificate: String, key: String)?

    /// PORT LOOPS ROOT FIELDS [CERTIFICATE KEY]
    public init() {
        let arguments = CommandLine.arguments
        guard arguments.count == 5 || arguments.count == 7, let port = Int(arguments[1]), let loops = Int(arguments[2]) else {
            preconditionFailure("usage: PORT LOOPS ROOT FIELDS [CERTIFICATE KEY]")
        }
        self.port = port
        self.loops = loops
        root = arguments[3]
        fields = String(decoding: Setup.read(arguments[4]), as: UTF8.self).split(separator: "\n").map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (String(parts[0]), String(parts[1].dropFirst()))
        }
        tls = arguments.count == 7 ? (arguments[5], arguments[6]) : nil
    }

    /// The 1 024 bytes of every page.
    public var page: [UInt8] { [UInt8](repeating: UInt8(ascii: "x"), count: 1024) }

    /// The whole file.
    public static func read(_ path: String) -> [UInt8] {
        guard let file = fopen(path, "r") else { preconditionFailure("cannot open \(path)") }
        defer { fclose(file) }
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&piece, 1, piece.count, file)
            guard count > 0 else { return all }
            all.append(contentsOf: piece[..<count])
        }
    }
}
