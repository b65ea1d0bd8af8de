import Foundation
import HTTPWire
import Platform
import PublicService
import Store
import Testing
import Web

@testable import Portal

/// The desk's way through a dossier over its own pages, and everything that is not lawful on the way.
@Suite struct DeskTests {
    static let pdf = Array("%PDF-1.4 result".utf8)

    /// The officers of the stage, signed in.
    struct Team {
        let stage: Stage
        let clients: [Role: TestClient]

        init(_ stage: Stage) async throws {
            self.stage = stage
            clients = [
                .intake: try await stage.signIn("an"), .professional: try await stage.signIn("binh"),
                .leader: try await stage.signIn("chi"), .clerk: try await stage.signIn("dung"),
            ]
        }

        func client(_ role: Role) throws -> TestClient { try #require(clients[role]) }

        func dossier(_ code: String) async throws -> Dossier {
            let known = try #require(DossierCode(rawValue: code))
            let found = try await stage.store.dossier(known)
            return try #require(found)
        }

        /// Opens the verb's page as `role` and sends what a browser would.
        @discardableResult
        func act(
            _ verb: Verb, _ role: Role, _ code: String, _ fields: [(String, String)] = [], file: [UInt8]? = nil,
            sends status: Int = 303
        ) async throws -> TestClient.Reply {
            let client = try client(role)
            let path = "/can-bo/ho-so/\(code)/viec/\(DeskVerb.address(of: verb))"
            let page = await client.get(path)
            try #require(page.status == 200, "\(verb) as \(role): \(page.status)")
            var form = [("csrf", try #require(page.csrfToken))]
            form.append(("phien-ban", try #require(page.value(after: "name=\"phien-ban\" value=\""))))
            if let digest = page.value(after: "name=\"digest\" value=\"") { form.append(("digest", digest)) }
            let reply =
                if let file { await client.post(path, form + fields, files: [("tep", "ket-qua.pdf", file)]) } else {
                    await client.post(path, form + fields)
                }
            #expect(reply.status == status, "\(verb) as \(role): \(reply.status)")
            return reply
        }
    }

    /// Steps that lead through every state that officers meet.
    static let supplement = [
        ("sai_giay_to_3", "Ảnh mờ"), ("can_cu", "Điều 15 Nghị định 123/2015/NĐ-CP"), ("han_ngay", "5"),
    ]

    /// Every verb by every role in every state on the way: what the table does not allow is refused and changes nothing.
    @Test func everyUnlawfulStepIsRefusedAndChangesNothing() async throws {
        try await Stage.with { stage in
            let team = try await Team(stage)
            let code = try await stage.dossier().code
            try await refuseTheRest(team, code)
            try await team.act(.requestSupplement, .intake, code, DeskTests.supplement)
            try await refuseTheRest(team, code)
            try await answerSupplement(stage, code)
            try await team.act(.accept, .intake, code)
            try await refuseTheRest(team, code)
            try await team.act(.handOver, .intake, code, [("nguoi_nhan", "binh")])
            try await refuseTheRest(team, code)
            try await team.act(
                .proposeResult, .professional, code, [("ten_ket_qua", "Giấy khai sinh")], file: DeskTests.pdf)
            try await refuseTheRest(team, code)
            try await team.act(.signResult, .leader, code)
            try await refuseTheRest(team, code)
            try await team.act(.issueResult, .clerk, code, [("so", "15/2026/KS")])
            try await refuseTheRest(team, code)
            try await team.act(
                .returnResult, .intake, code,
                [("cach", "desk"), ("nguoi_nhan", "Lê Thị Ánh"), ("bang_chung", "Ký nhận")])
            let dossier = try await team.dossier(code)
            #expect(dossier.state == .resultReturned && dossier.result?.number == "15/2026/KS")
            try await refuseTheRest(team, code)
        }
    }

    private func answerSupplement(_ stage: Stage, _ code: String) async throws {
        let clock = stage.portal.catalogue.clock
        let at = stage.clock.now()
        let known = try #require(DossierCode(rawValue: code))
        _ = try await stage.store.change(known, by: .citizen, at: at) {
            dossier, _ in
            try dossier.supplement(
                answers: [:], attachments: [], note: "Đã chụp lại", at: at, clock: clock, time: nil)
        }
    }

    private func refuseTheRest(_ team: Team, _ code: String) async throws {
        let before = try await team.dossier(code)
        for (role, client) in team.clients {
            let queue = await client.get("/can-bo")
            let token = try #require(queue.csrfToken)
            let id = try #require(OfficerID(rawValue: DeskTests.login(role)))
            for verb in DeskVerb.all {
                let path = "/can-bo/ho-so/\(code)/viec/\(DeskVerb.address(of: verb))"
                let page = await client.get(path)
                if before.permits(verb, by: .officer(id, role)) {
                    #expect(page.status == 200, "\(before.state) \(verb) \(role): \(page.status)")
                    continue
                }
                // Not this role's at all: 403. This role's, but not now: 409.
                let expected = verb.roles.contains(role) ? 409 : 403
                #expect(page.status == expected, "\(before.state) \(verb) \(role): \(page.status)")
                let reply = await client.post(
                    path, [("csrf", token), ("phien-ban", String(before.version)), ("ly_do", "x"), ("so", "1")])
                #expect(reply.status == expected, "POST \(before.state) \(verb) \(role): \(reply.status)")
            }
        }
        let after = try await team.dossier(code)
        #expect(after == before)
    }

    static func login(_ role: Role) -> String {
        switch role {
        case .intake: "an"
        case .professional: "binh"
        case .leader: "chi"
        default: "dung"
        }
    }

    /// The version that the page showed decides; a form without it, or with two, is not the page's.
    @Test func aFormWithoutItsVersionIsNotTaken() async throws {
        try await Stage.with { stage in
            let team = try await Team(stage)
            let code = try await stage.dossier().code
            let client = try team.client(.intake)
            let path = "/can-bo/ho-so/\(code)/viec/tiep-nhan"
            let opened = await client.get(path)
            let token = try #require(opened.csrfToken)
            for versions in [[], [""], ["x"], ["1", "1"], ["1", "2"]] {
                let reply = await client.post(path, [("csrf", token)] + versions.map { ("phien-ban", $0) })
                #expect(reply.status == 400, "\(versions)")
            }
            #expect(await client.post(path, [("csrf", token), ("phien-ban", "7")]).status == 409)
            let state = try await team.dossier(code).state
            #expect(state == .awaitingIntake)
        }
    }

    /// What a form could not have asked for changes nothing (OWASP ASVS 5.0 section 15.3.3).
    @Test func fieldsThatNobodyAskedForAreIgnored() async throws {
        try await Stage.with { stage in
            let team = try await Team(stage)
            let code = try await stage.dossier("2.000635").code
            let before = try await team.dossier(code)
            try await team.act(
                .accept, .intake, code,
                [("state", "resultReady"), ("finance", "paid"), ("dueAt", "0"), ("hen_tra", "01/01/2030 08:00")])
            let after = try await team.dossier(code)
            #expect(after.state == .accepted && after.finance == .pending && after.amountDue == before.amountDue)
            #expect(try #require(after.dueAt) < stage.clock.now().adding(seconds: 30 * 86_400))
        }
    }

    @Test func everyDefectStandsBesideItsFieldAndWhatWasTypedIsKept() async throws {
        try await Stage.with { stage in
            let team = try await Team(stage)
            let code = try await stage.dossier().code
            for days in ["0", "61", "x", "1e3", "-5", ""] {
                let reply = try await team.act(
                    .requestSupplement, .intake, code,
                    [("sai_giay_to_3", "Ảnh <b>mờ</b>"), ("can_cu", "Điều 15"), ("han_ngay", days)], sends: 422)
                #expect(reply.text.contains("han_ngay-loi"), "\(days)")
                #expect(reply.text.contains("Ảnh &lt;b&gt;mờ&lt;/b&gt;") && reply.text.contains("Điều 15"))
            }
            let empty = try await team.act(
                .requestSupplement, .intake, code, [("can_cu", "Điều 15"), ("han_ngay", "5")], sends: 422)
            #expect(empty.text.contains("ít nhất một giấy tờ"))
            let doubled = try await team.act(
                .requestSupplement, .intake, code, DeskTests.supplement + [("can_cu", "khác")], sends: 422)
            #expect(doubled.text.contains("can_cu-loi"))
            let state = try await team.dossier(code).state
            #expect(state == .awaitingIntake)
        }
    }

    @Test func aResultIsOnePDF() async throws {
        try await Stage.with { stage in
            let team = try await Team(stage)
            let code = try await stage.dossier().code
            try await team.act(.accept, .intake, code)
            try await team.act(.handOver, .intake, code, [("nguoi_nhan", "binh")])
            let title = [("ten_ket_qua", "Giấy khai sinh")]
            for content in [Array("MZ".utf8), [], [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]] {
                let reply = try await team.act(.proposeResult, .professional, code, title, file: content, sends: 422)
                #expect(reply.text.contains("tep-loi"))
            }
            let none = try await team.act(.proposeResult, .professional, code, title, sends: 422)
            #expect(none.text.contains("tep-loi"))
            let before = try await team.dossier(code)
            #expect(before.state == .processing)
            // Nobody else hands files over: a file beside another verb is not even read.
            let client = try team.client(.intake)
            let opened = await client.get("/can-bo")
            let token = try #require(opened.csrfToken)
            let reply = await client.post(
                "/can-bo/ho-so/\(code)/viec/thu-phi", [("csrf", token)], files: [("tep", "a.pdf", DeskTests.pdf)])
            #expect([400, 409, 413].contains(reply.status))
        }
    }

    /// Slips appear with the step that earns them, and every list is complete.
    @Test func slipsTellWhatWasAsked() async throws {
        try await Stage.with { stage in
            let team = try await Team(stage)
            let code = try await stage.dossier().code
            let client = try team.client(.intake)
            for number in ["01", "02", "03", "04", "05"] {
                #expect(await client.get("/can-bo/ho-so/\(code)/phieu/\(number)").status == 404, "\(number)")
            }
            try await team.act(
                .requestSupplement, .intake, code, DeskTests.supplement + [("sai_tl_ten_tre", "Sai chữ đệm")])
            let second = await client.get("/can-bo/ho-so/\(code)/phieu/02")
            #expect(second.status == 200 && second.text.contains("Ảnh mờ") && second.text.contains("Sai chữ đệm"))
            try await answerSupplement(stage, code)
            try await team.act(.accept, .intake, code)
            let first = await client.get("/can-bo/ho-so/\(code)/phieu/01")
            #expect(first.status == 200 && first.text.contains(code) && first.text.contains("Thời gian trả kết quả"))
        }
    }

    /// The queue stands in the order of the real deadline, each row with its mark.
    @Test func theQueueShowsMarksInTheOrderOfTheDeadline() async throws {
        try await Stage.with { stage in
            let late = try await stage.dossier(key: "1").code
            stage.clock.move(to: "2026-11-26T09:00")
            let today = try await stage.dossier(key: "2").code
            stage.clock.move(to: "2026-11-26T10:30")
            let soon = try await stage.dossier(key: "3").code
            stage.clock.move(to: "2026-11-27T07:30")
            let client = try await stage.signIn("an")
            let page = await client.get("/can-bo?xem=tat-ca").text
            let rows = page.components(separatedBy: "<tr>").dropFirst(2).map { $0 }
            let codes = rows.compactMap { row in [late, today, soon].first { row.contains($0) } }
            try #require(codes == [late, today, soon])
            #expect(rows[0].contains("●") && rows[1].contains("▲") && rows[2].contains("▲"))
            for label in ["Hạn", "Mã", "Người nộp", "Thủ tục", "Bước", "Chờ từ", "Giữ bởi"] {
                #expect(page.contains("data-label=\"\(label)\""), "\(label)")
            }
        }
    }

    /// Whoever is signed in can sign out from every page, error pages too (OWASP ASVS 5.0 section 7.4.4).
    @Test func errorPagesOfTheDeskLetOneSignOut() async throws {
        try await Stage.with { stage in
            let client = try await stage.signIn("an")
            let code = try await stage.dossier().code
            for path in ["/can-bo/ho-so/H56.31.12-991231-0001", "/can-bo/ho-so/\(code)/viec/ky"] {
                let page = await client.get(path)
                #expect([403, 404].contains(page.status))
                #expect(page.text.contains("action=\"/can-bo/dang-xuat\""), "\(path)")
                #expect(page.fields[.cacheControl] == "no-store")
            }
        }
    }
}
