import Foundation
import Testing

@testable import SocketServer

/// Serving, reading certificates, reading them again.
@Suite struct TLSTests {
    @Test func servesOverTLS() async throws {
        let certificates = try TestCertificates()
        let files = try certificates.make("one")
        let tls = try TLSConfiguration([files])
        let body = certificates.path("body")
        try Data(repeating: 65, count: 500_000).write(to: URL(filePath: body))
        try await withServer(tls: tls) { port, _ in
            let base = "https://localhost:\(port)"
            let common = ["-sS", "--max-time", "20", "--cacert", files.chain]
            let hello = try await blocking { try run("curl", common + ["\(base)/peer", "\(base)/hello"]) }
            #expect(hello.output == "127.0.0.1 truehello")
            let count = try await blocking { try run("curl", common + ["--data-binary", "@" + body, "\(base)/count"]) }
            #expect(count.output == "500000")
            let big = try await blocking { try run("curl", common + ["-o", certificates.path("big"), "\(base)/big"]) }
            #expect(big.status == 0, "\(big.output)")
            let size = try FileManager.default.attributesOfItem(atPath: certificates.path("big"))[.size] as? Int
            #expect(size == 3_000_000)
        }
    }

    @Test func readsItsCertificateAgain() async throws {
        let certificates = try TestCertificates()
        let (files, fresh) = (try certificates.make("first"), try certificates.make("second"))
        let tls = try TLSConfiguration([files])
        try await withServer(tls: tls) { port, _ in
            func shown() async throws -> String { try await blocking { try TLSClient(port: port).subject } }
            #expect(try await shown() == "first")
            // A broken file changes nothing.
            _ = try certificates.write("nothing", to: "first.pem")
            #expect(throws: TLSError.noCertificate(file: files.chain)) { try tls.reload() }
            #expect(try await shown() == "first")
            try certificates.replace(files, with: fresh)
            try tls.reload()
            #expect(try await shown() == "second")
        }
    }

    /// Connections that are open, and handshakes that run, while the certificate changes forty times.
    @Test func aReloadDropsNobody() async throws {
        let certificates = try TestCertificates()
        let (files, first, second) = (
            try certificates.make("now"), try certificates.make("first"), try certificates.make("second", rsaBits: 2048)
        )
        let tls = try TLSConfiguration([files])
        try await withServer(tls: tls) { port, _ in
            let failures = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<4 {
                    group.addTask {
                        try await blocking {
                            let kept = try TLSClient(port: port)
                            var failures = 0
                            for _ in 0..<40 {
                                if !kept.hello() { failures += 1 }
                                let version = number < 2 ? TLSVersion.two : TLSVersion.three
                                if (try? TLSClient(port: port, TLSOffer(version: version)).hello()) != true {
                                    failures += 1
                                }
                            }
                            return failures
                        }
                    }
                }
                group.addTask {
                    try await blocking {
                        for turn in 0..<40 {
                            try certificates.replace(files, with: turn.isMultiple(of: 2) ? first : second)
                            try tls.reload()
                        }
                        return 0
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(failures == 0)
        }
    }

    @Test func saysWhatIsWrong() throws {
        let certificates = try TestCertificates()
        let (files, other) = (try certificates.make("one"), try certificates.make("other", names: ["other"]))
        func refused(_ pairs: CertificateFiles...) -> TLSError? {
            do {
                _ = try TLSConfiguration(pairs)
                return nil
            } catch {
                return error
            }
        }
        let nowhere = CertificateFiles(chain: "/nowhere", key: files.key)
        #expect(refused(nowhere) == .unreadable(file: "/nowhere", reason: "No such file or directory"))
        #expect(
            refused(CertificateFiles(chain: files.chain, key: "/nowhere"))
                == .unreadable(file: "/nowhere", reason: "No such file or directory"))
        #expect(refused(CertificateFiles(chain: files.key, key: files.key)) == .noCertificate(file: files.key))
        let broken = try certificates.write(
            String(contentsOf: URL(filePath: files.chain), encoding: .utf8) + "-----BEGIN CERTIFICATE-----\nMII\n",
            to: "broken.pem")
        #expect(refused(CertificateFiles(chain: broken, key: files.key)) == .noCertificate(file: broken))
        #expect(
            refused(CertificateFiles(chain: files.chain, key: other.key))
                == .mismatch(certificate: files.chain, key: other.key))
        let (text, locked) = (certificates.path("text.key"), certificates.path("locked.key"))
        _ = FileManager.default.createFile(
            atPath: text, contents: Data("x".utf8), attributes: [.posixPermissions: 0o600])
        #expect(refused(CertificateFiles(chain: files.chain, key: text)) == .noKey(file: text))
        #expect(
            try run("openssl", ["ec", "-in", files.key, "-aes256", "-passout", "pass:abcd", "-out", locked]).status == 0
        )
        #expect(refused(CertificateFiles(chain: files.chain, key: locked)) == .protectedKey(file: locked))
        let small = try certificates.make("small", names: ["small"], rsaBits: 1024)
        #expect(refused(small) == .refused(file: small.chain, reason: "ee key too small"))
        let twin = try certificates.make("twin", names: ["www", "LOCALHOST"])
        #expect(refused(files, twin) == .duplicate(name: "localhost", first: files.chain, second: twin.chain))
        #expect(refused(files, other) == nil)
        #expect(refused() == .library)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: files.key)
        #expect(refused(files) == .exposedKey(file: files.key))
    }

    @Test func warnsOfCertificatesThatEndAndOfMissingIssuers() throws {
        let certificates = try TestCertificates()
        #expect(try TLSConfiguration([try certificates.make("good")]).warnings == [])
        let past = try certificates.make("past")
        #expect(
            try run(
                "openssl",
                ["x509", "-in", past.chain, "-signkey", past.key, "-days", "-1", "-out", certificates.path("old.pem")]
            ).status == 0)
        let old = CertificateFiles(chain: certificates.path("old.pem"), key: past.key)
        #expect(try TLSConfiguration([old]).warnings == ["the certificate in \(old.chain) has expired"])
        let (issuer, leaf) = (try certificates.make("issuer"), try certificates.make("leaf"))
        let request = certificates.path("leaf.csr")
        let steps = [
            ["req", "-new", "-key", leaf.key, "-subj", "/CN=leaf", "-out", request],
            [
                "x509", "-req", "-in", request, "-CA", issuer.chain, "-CAkey", issuer.key, "-CAcreateserial", "-days",
                "90", "-out", leaf.chain,
            ],
        ]
        for step in steps { #expect(try run("openssl", step).status == 0) }
        #expect(try TLSConfiguration([leaf]).warnings.map { $0.contains("no issuer") } == [true])
        let whole = try certificates.write(
            String(contentsOf: URL(filePath: leaf.chain), encoding: .utf8)
                + String(contentsOf: URL(filePath: issuer.chain), encoding: .utf8), to: "whole.pem")
        #expect(try TLSConfiguration([CertificateFiles(chain: whole, key: leaf.key)]).warnings == [])
    }
}
