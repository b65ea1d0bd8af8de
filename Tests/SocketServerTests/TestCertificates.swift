import Foundation
import Testing

@testable import SocketServer

/// Certificates of a test's own, in a folder that goes with it.
final class TestCertificates: Sendable {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    /// Its own issuer; `title` is the subject's common name and the files' name.
    func make(
        _ title: String, names: [String] = ["localhost"], rsaBits: Int? = nil, days: Int = 90
    ) throws -> CertificateFiles {
        let files = CertificateFiles(chain: path(title + ".pem"), key: path(title + ".key"))
        let kind = rsaBits.map { ["rsa:\($0)"] } ?? ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        let known =
            names.isEmpty ? [] : ["-addext", "subjectAltName=" + names.map { "DNS:" + $0 }.joined(separator: ",")]
        let made = try run(
            "openssl",
            ["req", "-x509", "-newkey"] + kind + ["-nodes", "-days", "\(days)", "-subj", "/CN=" + title] + known
                + ["-keyout", files.key, "-out", files.chain])
        try #require(made.status == 0, "\(made.output)")
        return files
    }

    func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: path(name)))
        return path(name)
    }

    /// Puts `fresh` where `old` lies.
    func replace(_ old: CertificateFiles, with fresh: CertificateFiles) throws {
        for (from, to) in [(fresh.chain, old.chain), (fresh.key, old.key)] {
            try Data(contentsOf: URL(filePath: from)).write(to: URL(filePath: to))
        }
    }
}

/// Runs a program to its end.
func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}
