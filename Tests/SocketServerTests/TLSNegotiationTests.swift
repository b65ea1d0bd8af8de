import COpenSSL
import Foundation
import Testing

@testable import SocketServer

enum TLSVersion {
    static let two = Int32(TLS1_2_VERSION)
    static let three = Int32(TLS1_3_VERSION)
}

/// What is agreed on with whom, and who is refused.
@Suite struct TLSNegotiationTests {
    /// What a server with `files` shows to a client with `offer`, or why it does not.
    private func shown(_ port: UInt16, _ offer: TLSOffer) async -> String {
        await unfailing {
            do {
                let client = try TLSClient(port: port, offer)
                return client.hello() ? client.subject : "no answer"
            } catch {
                return (error as? TLSClient.Refused)?.reason ?? "\(error)"
            }
        }
    }

    @Test func picksTheCertificateByName() async throws {
        let certificates = try TestCertificates()
        let tls = try TLSConfiguration([
            try certificates.make("default", names: ["xa.vn", "www.xa.vn"]),
            try certificates.make("star", names: ["*.tinh.vn", "tinh.vn"]),
            try certificates.make("exact", names: ["mot.tinh.vn"]),
        ])
        try await withServer(tls: tls) { port, _ in
            for (name, subject) in [
                (nil, "default"), ("xa.vn", "default"), ("WWW.Xa.vn", "default"), ("unknown.vn", "default"),
                ("tinh.vn", "star"), ("hai.tinh.vn", "star"), ("a.hai.tinh.vn", "default"), ("mot.tinh.vn", "exact"),
                ("MOT.tinh.vn", "exact"), ("*.tinh.vn", "star"), ("vn", "default"),
            ] as [(String?, String)] {
                for version in [TLSVersion.two, TLSVersion.three] {
                    #expect(await shown(port, TLSOffer(name: name, version: version)) == subject, "\(name ?? "")")
                }
            }
        }
    }

    @Test func picksTheKindOfKeyByTheClientsAlgorithms() async throws {
        let certificates = try TestCertificates()
        let tls = try TLSConfiguration([
            try certificates.make("ecdsa", names: ["a.vn", "b.vn"]),
            try certificates.make("rsa", names: ["a.vn"], rsaBits: 2048),
        ])
        try await withServer(tls: tls) { port, _ in
            for version in [TLSVersion.two, TLSVersion.three] {
                let all = TLSOffer(name: "a.vn", version: version)
                #expect(await shown(port, all) == "ecdsa")
                var old = all
                old.signatures = "RSA-PSS+SHA256:RSA+SHA256"
                #expect(await shown(port, old) == "rsa")
                var new = all
                new.signatures = "ECDSA+SHA256"
                #expect(await shown(port, new) == "ecdsa")
                // b.vn has no RSA certificate: none is borrowed from its neighbour.
                old.name = "b.vn"
                #expect(await shown(port, old).contains("handshake failure"))
            }
        }
    }

    @Test func refusesWhatIsWeak() async throws {
        let certificates = try TestCertificates()
        let tls = try TLSConfiguration([
            try certificates.make("ecdsa"), try certificates.make("rsa", rsaBits: 2048),
        ])
        try await withServer(tls: tls) { port, _ in
            for version in [TLS1_VERSION, TLS1_1_VERSION] {
                let offer = TLSOffer(version: Int32(version), ciphers: "ALL")
                #expect(await shown(port, offer).contains("protocol version"))
            }
            for ciphers in [
                "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA", "ECDHE-RSA-AES128-SHA256", "AES128-GCM-SHA256",
                "AES256-SHA", "DHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-CCM", "aNULL",
            ] {
                let offer = TLSOffer(version: TLSVersion.two, ciphers: ciphers)
                #expect(await shown(port, offer).contains("handshake failure"), "\(ciphers)")
            }
            for groups in ["P-521", "X448", "ffdhe2048"] {
                let offer = TLSOffer(version: TLSVersion.three, groups: groups)
                #expect(await shown(port, offer).contains("handshake failure"), "\(groups)")
            }
            let weak = TLSOffer(version: TLSVersion.two, signatures: "ECDSA+SHA1:RSA+SHA1")
            #expect(await shown(port, weak).contains("handshake failure"))
        }
    }

    @Test func takesEveryStrongOffer() async throws {
        let certificates = try TestCertificates()
        let tls = try TLSConfiguration([
            try certificates.make("ecdsa"), try certificates.make("rsa", rsaBits: 2048),
        ])
        try await withServer(tls: tls) { port, _ in
            for ciphers in [
                "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
                "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305",
            ] {
                let kind = ciphers.contains("ECDSA") ? "ecdsa" : "rsa"
                #expect(await shown(port, TLSOffer(version: TLSVersion.two, ciphers: ciphers)) == kind)
            }
            for groups in ["X25519", "P-256", "P-384"] {
                #expect(await shown(port, TLSOffer(version: TLSVersion.three, groups: groups)) == "ecdsa", "\(groups)")
                // In TLS 1.2 the certificate's curve must be among the client's too (RFC 8422 section 5.1).
                let kind = groups == "P-256" ? "ecdsa" : "rsa"
                #expect(await shown(port, TLSOffer(version: TLSVersion.two, groups: groups)) == kind, "\(groups)")
            }
            // The server's order, but for clients that put ChaCha20 first.
            for (offered, chosen) in [
                ("ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"),
                ("ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"),
            ] {
                let cipher = try await blocking {
                    try TLSClient(port: port, TLSOffer(version: TLSVersion.two, ciphers: offered)).cipher
                }
                #expect(cipher == chosen)
            }
        }
    }

    @Test func agreesOnHTTP11ByALPN() async throws {
        let certificates = try TestCertificates()
        let tls = try TLSConfiguration([try certificates.make("one")])
        try await withServer(tls: tls) { port, _ in
            let both = try await blocking {
                try TLSClient(port: port, TLSOffer(protocols: ["h2", "http/1.1"])).chosenProtocol
            }
            #expect(both == "http/1.1")
            #expect(await shown(port, TLSOffer(protocols: ["h2"])).contains("no application protocol"))
        }
    }
}
