import Foundation
import Testing

@testable import SocketServer

@Suite struct TLSTests {
    static func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
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

    static func certificate() throws -> (folder: URL, certificate: String, key: String) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let certificate = folder.appending(path: "cert.pem").path
        let key = folder.appending(path: "key.pem").path
        let made = try run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out",
                certificate,
            ])
        try #require(made.status == 0, "\(made.output)")
        return (folder, certificate, key)
    }

    @Test func servesOverTLS() async throws {
        let files = try TLSTests.certificate()
        defer { try? FileManager.default.removeItem(at: files.folder) }
        let tls = try TLSConfiguration(certificateFile: files.certificate, keyFile: files.key)
        let body = files.folder.appending(path: "body")
        try Data(repeating: 65, count: 500_000).write(to: body)
        try await withServer(tls: tls) { port, _ in
            let base = "https://localhost:\(port)"
            let common = ["-sS", "--max-time", "20", "--cacert", files.certificate]
            let hello = try await blocking { try TLSTests.run("curl", common + ["\(base)/peer", "\(base)/hello"]) }
            #expect(hello.output == "127.0.0.1 truehello")
            let count = try await blocking {
                try TLSTests.run("curl", common + ["--data-binary", "@\(body.path)", "\(base)/count"])
            }
            #expect(count.output == "500000")
            let big = try await blocking {
                try TLSTests.run("curl", common + ["-o", files.folder.appending(path: "big").path, "\(base)/big"])
            }
            #expect(big.status == 0, "\(big.output)")
            let old = try await blocking { try TLSTests.run("curl", common + ["--tls-max", "1.1", "\(base)/hello"]) }
            #expect(old.status != 0)
            let cbc = try await blocking {
                try TLSTests.run(
                    "curl", common + ["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES128-SHA256", "\(base)/hello"])
            }
            #expect(cbc.status != 0)
        }
    }

    @Test func readsItsCertificateAgainWithoutDroppingAnyone() async throws {
        let (first, second) = (try TLSTests.certificate(), try TLSTests.certificate())
        defer {
            try? FileManager.default.removeItem(at: first.folder)
            try? FileManager.default.removeItem(at: second.folder)
        }
        let copy = first.folder.appending(path: "first.pem").path
        try FileManager.default.copyItem(atPath: first.certificate, toPath: copy)
        let tls = try TLSConfiguration(certificateFile: first.certificate, keyFile: first.key)
        try await withServer(tls: tls) { port, _ in
            let address = "https://localhost:\(port)/hello"
            func curl(_ trusted: String) async throws -> Int32 {
                try await blocking {
                    try TLSTests.run("curl", ["-sS", "--max-time", "20", "--cacert", trusted, address]).status
                }
            }
            #expect(try await curl(copy) == 0)
            // A broken file changes nothing.
            try Data("nothing".utf8).write(to: URL(filePath: first.certificate))
            #expect(throws: TLSError.certificate(first.certificate)) { try tls.reload() }
            #expect(try await curl(copy) == 0)
            try Data(contentsOf: URL(filePath: second.certificate)).write(to: URL(filePath: first.certificate))
            try Data(contentsOf: URL(filePath: second.key)).write(to: URL(filePath: first.key))
            try tls.reload()
            #expect(try await curl(second.certificate) == 0)
            #expect(try await curl(copy) != 0, "the old certificate is gone for new connections")
        }
    }

    @Test func namesTheFileThatIsWrong() throws {
        let files = try TLSTests.certificate()
        defer { try? FileManager.default.removeItem(at: files.folder) }
        #expect(throws: TLSError.certificate("/nowhere")) {
            try TLSConfiguration(certificateFile: "/nowhere", keyFile: files.key)
        }
        #expect(throws: TLSError.key(files.certificate)) {
            try TLSConfiguration(certificateFile: files.certificate, keyFile: files.certificate)
        }
    }
}
