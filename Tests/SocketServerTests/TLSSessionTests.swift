import Foundation
import Synchronization
import Testing

@testable import SocketServer

/// Resumption: tickets of both versions, on whichever loop, across reloads and new ticket keys.
@Suite struct TLSSessionTests {
    /// A clock that the test winds.
    private final class Hands: Sendable {
        let milliseconds = Atomic<UInt64>(1_000)
        func forward(hours: Double) { milliseconds.add(UInt64(hours * 3_600_000), ordering: .relaxed) }
        var keys: TicketKeys { TicketKeys { [self] in milliseconds.load(ordering: .relaxed) } }
    }

    /// Comes once, and tells whether it was recognised and what to come back with.
    private func visit(
        _ port: UInt16, _ version: Int32, _ ticket: TLSTicket?, name: String = "localhost"
    ) async throws -> (isResumed: Bool, ticket: TLSTicket?) {
        try await blocking {
            let client = try TLSClient(port: port, TLSOffer(name: name, version: version, session: ticket))
            #expect(client.hello())
            return (client.isResumed, client.ticket())
        }
    }

    @Test(arguments: [TLSVersion.two, TLSVersion.three])
    func everyoneIsRecognised(_ version: Int32) async throws {
        let certificates = try TestCertificates()
        let tls = try TLSConfiguration([
            try certificates.make("one"), try certificates.make("other", names: ["other.vn"]),
        ])
        // Two loops: the kernel sends each visit to either.
        try await withServer(tls: tls) { port, _ in
            for name in ["localhost", "other.vn"] {
                var (isResumed, ticket) = try await visit(port, version, nil, name: name)
                #expect(!isResumed)
                #expect(ticket?.lifetimeHint == 12 * 3600)
                for _ in 0..<20 {
                    (isResumed, ticket) = try await visit(port, version, ticket, name: name)
                    #expect(isResumed)
                }
            }
        }
    }

    @Test(arguments: [TLSVersion.two, TLSVersion.three])
    func ticketsSurviveAReload(_ version: Int32) async throws {
        let certificates = try TestCertificates()
        let (files, fresh) = (try certificates.make("first"), try certificates.make("second", rsaBits: 2048))
        let tls = try TLSConfiguration([files])
        try await withServer(tls: tls) { port, _ in
            let ticket = try await visit(port, version, nil).ticket
            try certificates.replace(files, with: fresh)
            try tls.reload()
            #expect(try await visit(port, version, ticket).isResumed)
        }
    }

    @Test(arguments: [TLSVersion.two, TLSVersion.three])
    func ticketsLiveAsLongAsTheirKey(_ version: Int32) async throws {
        let certificates = try TestCertificates()
        let hands = Hands()
        let tls = try TLSConfiguration([try certificates.make("one")], ticketKeys: hands.keys)
        try await withServer(tls: tls) { port, _ in
            let old = try await visit(port, version, nil).ticket
            hands.forward(hours: 12)
            let renewed = try await visit(port, version, old)
            #expect(renewed.isResumed, "the key before still opens")
            hands.forward(hours: 12)
            #expect(try await visit(port, version, old).isResumed == false, "two keys later it is forgotten")
            let again = try await visit(port, version, renewed.ticket)
            #expect(again.isResumed, "what was renewed under the next key goes on")
            hands.forward(hours: 100)
            #expect(try await visit(port, version, again.ticket).isResumed == false, "also after nobody came for days")
        }
    }

    /// A ticket sealed just before the change of keys is good for the promised twelve hours, not a minute longer.
    @Test func aKeyThatWasReplacedLateStillEndsOnTime() async throws {
        let certificates = try TestCertificates()
        let hands = Hands()
        let tls = try TLSConfiguration([try certificates.make("one")], ticketKeys: hands.keys)
        try await withServer(tls: tls) { port, _ in
            hands.forward(hours: 11.9)
            let ticket = try await visit(port, TLSVersion.two, nil).ticket
            hands.forward(hours: 11.9)
            #expect(try await visit(port, TLSVersion.two, ticket).isResumed)
            hands.forward(hours: 0.3)
            #expect(try await visit(port, TLSVersion.two, ticket).isResumed == false)
        }
    }

    @Test func anotherProgramsTicketIsAFullHandshake() async throws {
        let certificates = try TestCertificates()
        let files = try certificates.make("one")
        for version in [TLSVersion.two, TLSVersion.three] {
            let ticket = Mutex<TLSTicket?>(nil)
            try await withServer(tls: try TLSConfiguration([files])) { port, _ in
                let fresh = try await visit(port, version, nil).ticket
                ticket.withLock { $0 = fresh }
            }
            try await withServer(tls: try TLSConfiguration([files])) { port, _ in
                let again = try await visit(port, version, ticket.withLock { $0 })
                #expect(!again.isResumed)
            }
        }
    }
}
