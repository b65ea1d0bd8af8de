import Foundation
import HTTPWire
import PublicService
import Store
import Testing
import Web

@testable import Portal

/// Filling in, without a browser: everything that browsers never send.
@Suite struct DraftTests {
    struct Screen {
        let client: TestClient
        let address: String
        let token: String

        init(_ stage: Stage, _ start: String = "/thu-tuc/1.001193/nop") async throws {
            client = stage.citizen
            let reply = await client.post(start, [])
            try #require(reply.status == 303)
            address = try #require(reply.fields[.location])
            token = try #require(await client.get(address).csrfToken)
        }

        func send(_ form: [(String, String)]) async -> TestClient.Reply {
            await client.post(address, [("csrf", token)] + form)
        }
        var base: String { address.split(separator: "/").prefix(2).map { "/" + $0 }.joined() }
    }

    static let good = [
        ("ho_ten", "Lê Thị Ánh"), ("so_dinh_danh", "038190000123"), ("dien_thoai", "0912345678"), ("thu_dien_tu", ""),
        ("noi_cu_tru", "Xã Hoằng Châu"),
    ]

    static func with(_ name: String, _ value: String) -> [(String, String)] {
        good.map { $0.0 == name ? (name, value) : $0 }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let value: String
        let says: String
        var testDescription: String { "\(name)=\(value.unicodeScalars.prefix(20).map { String($0.value, radix: 16) })" }
    }

    static let rows: [Row] = [
        .init(name: "ho_ten", value: "", says: "Nhập họ, chữ đệm và tên của bạn"),
        .init(name: "ho_ten", value: "Nguy\u{1A3}n", says: "chữ “ư”"),
        .init(name: "ho_ten", value: "a\u{0}b", says: "ký tự lạ"),
        .init(name: "ho_ten", value: "a\r\nSet-Cookie: x", says: "ký tự lạ"),
        .init(name: "ho_ten", value: "a\u{202E}b", says: "ký tự ẩn"),
        .init(name: "ho_ten", value: String(repeating: "a", count: 5000), says: "nhiều nhất 120 ký tự"),
        .init(name: "so_dinh_danh", value: "3819000012", says: "bạn đã nhập 10"),
        .init(name: "dien_thoai", value: "113", says: "10 chữ số"),
        .init(name: "thu_dien_tu", value: "../../etc/passwd", says: "ten@noigui.vn"),
        .init(name: "noi_cu_tru", value: "   ", says: "Nhập nơi cư trú của bạn"),
    ]

    @Test(arguments: rows) func saysWhatToMendAndKeepsWhatWasTyped(_ row: Row) async throws {
        try await Stage.with { stage in
            let screen = try await Screen(stage)
            let reply = await screen.send(DraftTests.with(row.name, row.value))
            #expect(reply.status == 422)
            #expect(reply.text.contains("<title>Lỗi: "))
            #expect(reply.text.contains(row.says), "\(row.says)")
            #expect(reply.text.contains("aria-invalid=\"true\""))
            #expect(
                reply.text.contains("value=\"0912345678\"") || row.name == "dien_thoai", "the other fields are kept")
        }
    }

    @Test func composesWhatAMacTypes() async throws {
        try await Stage.with { stage in
            let screen = try await Screen(stage)
            let reply = await screen.send(DraftTests.with("ho_ten", "Lê Thị Ánh".decomposedStringWithCanonicalMapping))
            #expect(reply.status == 303)
            let page = await stage.citizen.get(screen.address)
            #expect(
                page.text.unicodeScalars.elementsEqual(page.text.precomposedStringWithCanonicalMapping.unicodeScalars))
            #expect(page.text.contains("Lê Thị Ánh"))
        }
    }

    @Test func aFieldSentTwiceIsNotGuessed() async throws {
        try await Stage.with { stage in
            let screen = try await Screen(stage)
            let reply = await screen.send(DraftTests.good + [("ho_ten", "Người khác")])
            #expect(reply.status == 422 && reply.text.contains("gửi hai lần"))
        }
    }

    @Test func extraFieldsChangeNothing() async throws {
        try await Stage.with { stage in
            let screen = try await Screen(stage)
            #expect(
                await screen.send(DraftTests.good + [("trang_thai", "accepted"), ("fee", "0"), ("isForPrint", "true")])
                    .status == 303)
        }
    }

    @Test func aFormWithoutItsTokenOrFromElsewhereIsRefused() async throws {
        try await Stage.with { stage in
            let screen = try await Screen(stage)
            #expect(await stage.citizen.post(screen.address, DraftTests.good).status == 403)
            let foreign = await stage.citizen.post(
                screen.address, [("csrf", screen.token)] + DraftTests.good, ["Sec-Fetch-Site": "cross-site"])
            #expect(foreign.status == 403)
        }
    }

    @Test func draftsThatDoNotExistAreGone() async throws {
        try await Stage.with { stage in
            #expect(await stage.citizen.get("/nop/" + String(repeating: "A", count: 32)).status == 410)
            #expect(await stage.citizen.get("/nop/x").status == 404)
            let screen = try await Screen(stage)
            stage.clock.move(to: "2026-12-26T09:00")
            #expect(await stage.citizen.get(screen.address).status == 410, "after 30 days")
        }
    }

    @Test func submittingNeedsEverythingAndHappensOnce() async throws {
        try await Stage.with { stage in
            let screen = try await Screen(stage, "/thu-tuc/2.000635/nop")
            let early = await stage.citizen.post(screen.base + "/nop-ho-so", [("csrf", screen.token)])
            #expect(
                early.status == 422 && early.text.contains("Nhập số bản sao bạn cần"), "all that is missing, at once")
            _ = await screen.send(DraftTests.good)
            func send(_ step: String, _ form: [(String, String)]) async {
                _ = await stage.citizen.post(screen.base + "/" + step, [("csrf", screen.token)] + form)
            }
            await send(
                "giay-can-cap",
                [("loai_viec", "khai_sinh"), ("ten_nguoi", "Lê Văn Hùng"), ("noi_dang_ky", "Hoằng Lưu")])
            await send("so-ban", [("so_ban", "2")])
            await send("nhan-ket-qua", [("cach_nhan", "desk")])
            let replies = await withTaskGroup(of: TestClient.Reply.self) { group in
                for _ in 0..<8 {
                    group.addTask { await stage.citizen.post(screen.base + "/nop-ho-so", [("csrf", screen.token)]) }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(replies.compactMap { $0.fields[.location] }).count == 1, "one receipt for every press")
            #expect(replies.allSatisfy { $0.status == 303 })
            #expect(try await stage.store.count(agency: stage.portal.agency.code, QueueFilter()) == 1)
            #expect(await stage.citizen.get(screen.address).status == 303, "the draft leads to the receipt")
        }
    }

    @Test func hostileFileNamesAreOnlyNames() async throws {
        try await Stage.with { stage in
            let screen = try await Screen(stage)
            let reply = await stage.citizen.post(
                screen.base + "/giay-to/tai-len", [("csrf", screen.token), ("giay", "giay-to-3")],
                files: [("tep", "../../../etc/<b>passwd.pdf", Array("%PDF-1.4".utf8))])
            #expect(reply.status == 303)
            let page = await stage.citizen.get(screen.base + "/giay-to")
            #expect(page.text.contains("&lt;b&gt;passwd.pdf") && !page.text.contains("../"))
            let big = await stage.citizen.post(
                screen.base + "/giay-to/tai-len", [("csrf", screen.token), ("giay", "giay-to-3")],
                files: [("tep", "to.pdf", Array("%PDF-1.4".utf8) + [UInt8](repeating: 0, count: 11 << 20))])
            #expect(big.status == 422 && big.text.contains("lớn quá 10,0 MB"))
            #expect(big.text.contains("passwd.pdf"), "what was uploaded before stays")
        }
    }
}
