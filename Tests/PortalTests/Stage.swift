import Foundation
import Gateways
import HTTPWire
import Logging
import Platform
import PublicService
import Store
import Synchronization
import Testing
import Web

@testable import Portal

/// A clock that tests move.
final class MovedClock: WallClock {
    private let moment: Mutex<Instant>
    init(_ text: String) { moment = Mutex(LocalMinute(text)?.instant ?? Instant(seconds: 0)) }
    func now() -> Instant { moment.withLock { $0 } }
    func move(to text: String) { moment.withLock { $0 = LocalMinute(text)?.instant ?? $0 } }
}

/// A whole portal in memory's reach: real store in a folder of its own, real catalogue and templates, no sockets.
struct Stage {
    let portal: Portal
    let store: Store
    let clock: MovedClock
    let citizen: TestClient
    let desk: TestClient

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    static let secret = "SECRET-OF-THE-TEST-BANK"
    static let merchant = VNPAYMerchant(
        terminal: "TEST0001", secret: secret, paymentAddress: "http://bank.test/paymentv2/vpcpay.html",
        queryAddress: "http://bank.test/api", returnAddress: "https://portal.test/thanh-toan/ket-qua")

    static func with(
        _ adjust: (inout PortalSettings) -> Void = { _ in }, _ body: (Stage) async throws -> Void
    ) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "portal-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let store = try Store(try DataFolder(path))
        let clock = MovedClock("2026-11-25T09:00")
        let catalogue = try CatalogueReader.read(root + "/Catalogue")
        let messages = Messages(
            try CatalogueReader.decode([String: String].self, root + "/Catalogue", "messages.json5"))
        // Cheap parameters: the real ones are held by their own test.
        let cost = Scrypt(logN: 10, r: 8, p: 1)
        var settings = PortalSettings(
            publicURL: "https://portal.test", agency: catalogue.agencies[0].code, isTrial: true, merchant: merchant)
        settings.passwordCost = cost
        adjust(&settings)
        let portal = try Portal(
            store: store, catalogue: catalogue, messages: messages, resources: root, settings: settings,
            clock: clock, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        for (login, role) in [("an", Role.intake), ("binh", .professional), ("chi", .leader), ("dung", .clerk)] {
            let id = try #require(OfficerID(rawValue: login))
            let hash = try #require(PasswordHash(password: "mat-khau-\(login)", parameters: cost))
            try await store.save(Officer(id: id, name: "Cán bộ \(login)", roles: [role], password: hash))
        }
        try await store.addPartner(name: "doi-tac", key: "khoa-doi-tac")
        try await body(
            Stage(
                portal: portal, store: store, clock: clock, citizen: TestClient(portal.publicSite()),
                desk: TestClient(portal.deskSite())))
    }

    func signIn(_ login: String) async throws -> TestClient {
        let client = TestClient(portal.deskSite())
        let page = await client.get("/can-bo/dang-nhap")
        let reply = await client.post(
            "/can-bo/dang-nhap",
            [("csrf", try #require(page.csrfToken)), ("ten-dang-nhap", login), ("mat-khau", "mat-khau-\(login)")])
        try #require(reply.status == 303)
        return client
    }

    func example(_ code: String) async -> [UInt8] { await citizen.get("/api/v1/procedures/\(code)/example").body }

    func submit(_ body: [UInt8], key: String, partner: String? = "khoa-doi-tac") async -> TestClient.Reply {
        var fields = ["Idempotency-Key": key, "Content-Type": "application/json"]
        if let partner { fields["Authorization"] = "Bearer " + partner }
        return await citizen.send(.post, "/api/v1/dossiers", fields, body: body)
    }

    struct Receipt: Decodable {
        struct Payment: Decodable {
            let reference, state: String
            let amount: Int64
        }
        let code, lookupKey: String
        let payment: Payment?
    }

    func dossier(_ procedure: String = "1.001193", key: String = "k") async throws -> Receipt {
        let reply = await submit(await example(procedure), key: key)
        try #require(reply.status == 201, "\(reply.text)")
        return try JSONDecoder().decode(Receipt.self, from: Data(reply.body))
    }
}
