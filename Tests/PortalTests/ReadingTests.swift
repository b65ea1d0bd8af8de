import Foundation
import HTTPWire
import PublicService
import Testing
import Web

@testable import Portal

/// What can be read without saying who one is, page by page of the catalogue.
@Suite struct ReadingTests {
    /// Every procedure's page, up to the sources, which are quoted as they are.
    private static func pages(_ stage: Stage) async -> [(Procedure, String)] {
        var pages: [(Procedure, String)] = []
        for procedure in stage.portal.catalogue.inForce(on: stage.portal.today) {
            let reply = await stage.citizen.get(stage.portal.address(of: procedure))
            let own = reply.text.components(separatedBy: "<h2>Nguồn và phiên bản</h2>")
            #expect(reply.status == 200 && own.count == 2, "\(procedure.code)")
            pages.append((procedure, own[0]))
        }
        return pages
    }

    @Test func noAbbreviationIsLeftUnexplained() async throws {
        try await Stage.with { stage in
            let pages = await ReadingTests.pages(stage)
            #expect(pages.count == 48)
            for (procedure, text) in pages {
                for word in ["CSDL", "TTHC", "DVCTT", "OTHER", "[F]", "[memory"] {
                    #expect(!text.contains(word), "\(procedure.code) says \(word)")
                }
            }
        }
    }

    @Test func whatTheSourceDoesNotSayForSureIsNoNumber() async throws {
        try await Stage.with { stage in
            for (procedure, text) in await ReadingTests.pages(stage) {
                let fees = text.components(separatedBy: "<h2>Phí, lệ phí</h2>").last?.components(
                    separatedBy: "<h2>Thời hạn giải quyết</h2>")
                let section = try #require(fees?.first)
                if procedure.fees.allSatisfy({ !$0.certain }) {
                    // Numbers of the texts that the fee rests on are no amounts.
                    let bases = procedure.fees.compactMap { $0.basis }
                    let words = bases.reduce(section) { $0.replacingOccurrences(of: $1, with: "") }
                    let numbers = words.filter { $0.isNumber }
                    #expect(numbers.isEmpty, "\(procedure.code) says \(numbers)")
                }
                if !stage.portal.isSure(procedure, of: "processing_time") {
                    let times = try #require(fees?.last?.components(separatedBy: "</ul>").first)
                    let isNumbered = times.contains { $0.isNumber }
                    #expect(!isNumbered, "\(procedure.code)")
                    #expect(!text.contains("Thời hạn 0"), "\(procedure.code)")
                }
                if !stage.portal.isSure(procedure, of: "online_level") {
                    #expect(!text.contains("mức độ"), "\(procedure.code)")
                }
                if !stage.portal.isSure(procedure, of: "components") {
                    #expect(!text.contains("1 bản"), "\(procedure.code)")
                }
            }
        }
    }

    @Test func feesShowAmountExemptionAndBasisTogether() async throws {
        try await Stage.with { stage in
            for (procedure, text) in await ReadingTests.pages(stage) {
                let card = try #require(text.components(separatedBy: "<dt>Lệ phí</dt>").dropFirst().first)
                let line = try #require(card.components(separatedBy: "</dd>").first)
                let said = ["Miễn, giảm: ", "Căn cứ: "].map { line.components(separatedBy: $0).count - 1 }
                #expect(said == [procedure.fees.count, procedure.fees.count], "\(procedure.code)")
            }
        }
    }

    @Test func bothVocabulariesTellHowFarOneGetsOnline() async throws {
        try await Stage.with { stage in
            let pages = await ReadingTests.pages(stage)
            let sure = pages.filter { stage.portal.isSure($0.0, of: "online_level") }
            for (procedure, text) in sure {
                let name = [
                    "mot_phan": "một phần", "toan_trinh": "toàn trình", "khong_truc_tuyen": "Cung cấp thông tin",
                ]
                let level = try #require(name[procedure.onlineLevel])
                #expect(text.contains(level), "\(procedure.code)")
                #expect(text.contains("mức độ \(procedure.legacyLevel) theo cách gọi trước đây"), "\(procedure.code)")
                // What has no form here is never promised here.
                #expect(procedure.takesSubmissions == text.contains("Nộp hồ sơ trực tuyến"), "\(procedure.code)")
                #expect(stage.portal.isElsewhere(procedure) == text.contains("dichvucong.gov.vn"), "\(procedure.code)")
            }
            #expect(sure.count >= 40)
        }
    }

    @Test func searchTellsWhoDecidesUntilWhenAndForHowMuch() async throws {
        try await Stage.with { stage in
            let found = await stage.citizen.get("/thu-tuc?tu-khoa=giay+khai+sinh").text
            for words in [
                "Nơi giải quyết: Ủy ban nhân dân xã Hoằng Châu", "Thời hạn: ", "Nộp trên mạng, nhận giấy tại xã",
            ] {
                #expect(found.contains(words), "\(words)")
            }
            let nothing = await stage.citizen.get("/thu-tuc?tu-khoa=zzzz").text
            #expect(nothing.contains("Chưa tìm thấy") && nothing.contains("Xem danh sách theo lĩnh vực"))
            let elsewhere = await stage.citizen.get("/thu-tuc?tu-khoa=lam+lai+can+cuoc").text
            #expect(elsewhere.contains("Công an") && elsewhere.contains("26/2023/QH15"))
            #expect(await !stage.citizen.get("/thu-tuc?tu-khoa=khai+sinh").text.contains("Công an cấp"))
        }
    }

    /// The interface brief's budget, compressed, and no cookie before a form starts.
    @Test func readingPagesAreLightAndSetNoCookie() async throws {
        try await Stage.with { stage in
            let home = await stage.citizen.get("/").text
            var parts = 0
            for (pattern, limit) in [
                (#/href="(/static/site[^"]+)"/#, 12 << 10), (#/src="(/static/site[^"]+)"/#, 8 << 10),
            ] {
                let address = String(try #require(home.firstMatch(of: pattern)).1)
                let reply = await stage.citizen.get(address, ["Accept-Encoding": "gzip"])
                #expect(reply.status == 200 && reply.body.count <= limit, "\(address): \(reply.body.count)")
                parts += reply.body.count
            }
            let procedures = stage.portal.catalogue.inForce(on: stage.portal.today).map(stage.portal.address)
            let others = [
                "/", "/thu-tuc", "/thu-tuc?tu-khoa=khai+sinh", "/minh-bach", "/tinh-ngay-hen", "/nop", "/lien-he",
            ]
            for path in procedures + others + ["/thu-tuc/1.001193/to-khai", "/tiep-can", "/quyen-rieng-tu"] {
                let reply = await stage.citizen.get(path, ["Accept-Encoding": "gzip"])
                #expect(reply.status == 200 && reply.fields[.setCookie] == nil, "\(path)")
                #expect(reply.fields[.contentEncoding] == "gzip", "\(path)")
                #expect(reply.body.count <= 12 << 10, "\(path): \(reply.body.count) bytes")
                #expect(reply.body.count + parts <= 30 << 10, "\(path): whole page")
                #expect(
                    await stage.citizen.get(path).text.components(separatedBy: "/static/").count - 1 <= 5, "\(path)")
            }
        }
    }

    @Test func monthsAreShownAsMonthsFromTheFirstDayOn() async throws {
        try await Stage.with { stage in
            let today = stage.portal.today
            let month = today.shown.dropFirst(3)
            let row = "<time datetime=\"\(today.description.prefix(7))\">\(month)</time></td>"
            let received = "<td data-label=\"Đã nhận\" class=\"number\">"
            let before = await stage.citizen.get("/minh-bach").text
            #expect(before.contains(row + received + "0</td>"))
            _ = try await stage.dossier()
            let after = await stage.citizen.get("/minh-bach").text
            #expect(after.contains(row + received + "1</td>") && !after.contains(">0</time>"))
        }
    }

    @Test func theHomePageHasWhatItShouldAndTheMonthsLine() async throws {
        try await Stage.with { stage in
            #expect(await !stage.citizen.get("/").text.contains("Tháng này"))
            _ = try await stage.dossier()
            let home = await stage.citizen.get("/").text
            for words in [
                "<h1>Bạn cần làm thủ tục gì?</h1>", "Tra cứu hồ sơ", "Làm tiếp hồ sơ nháp", "Giờ làm việc: ",
                "Điện thoại: ",
                "Tháng này: nhận 1 hồ sơ.",
            ] { #expect(home.contains(words), "\(words)") }
            #expect(home.components(separatedBy: "<li><a href=\"/thu-tuc/").count - 1 == 8)
            #expect(Messages.percent(991, of: 1000) == "99,1 %" && Messages.percent(1999, of: 2000) == "99,9 %")
            #expect(Messages.percent(3, of: 3) == "100 %" && Messages.percent(0, of: 0) == "0 %")
        }
    }

    /// Words that the interface brief forbids, in every sentence and template that citizens see.
    @Test func noSentenceBlamesOrShouts() throws {
        let root = Stage.root + "/Templates/portal/"
        var texts = [try String(contentsOfFile: Stage.root + "/Catalogue/messages.json5", encoding: .utf8)]
        for folder in ["public", "parts"] {
            for file in try FileManager.default.contentsOfDirectory(atPath: root + folder) {
                texts.append(try String(contentsOfFile: root + folder + "/" + file, encoding: .utf8))
            }
        }
        for text in texts {
            for line in text.split(separator: "\n") where !line.contains("\"plain.") {
                for word in [
                    "không hợp lệ", "trường bắt buộc", "lỗi hệ thống", "Vui lòng", "TTHC", "CSDL", "DVCTT", "! ",
                ] {
                    #expect(!line.contains(word), "\(word) in \(line)")
                }
            }
        }
    }

    @Test func theBlankFormHasBoxesToTick() async throws {
        try await Stage.with { stage in
            let sheet = await stage.citizen.get("/thu-tuc/1.001193/to-khai").text
            #expect(sheet.contains("☐ Nam   ☐ Nữ") && sheet.contains("☐ Có   ☐ Không"))
        }
    }

    @Test func theCalculatorReadsDatesAsPeopleWriteThem() async throws {
        try await Stage.with { stage in
            for typed in ["13/02/2026+16:20", "13/2/2026+16:20", "2026-02-13+16:20", "2026-02-13T16:20"] {
                let page = await stage.citizen.get("/tinh-ngay-hen?nhan_luc=\(typed)&so_luong=2&don_vi=working_day")
                #expect(page.text.contains("Hẹn trả: 16:20 ngày 24/02/2026"), "\(typed)")
            }
            let bad = await stage.citizen.get("/tinh-ngay-hen?nhan_luc=mai&so_luong=2&don_vi=working_day")
            #expect(bad.status == 422 && bad.text.contains("id=\"nhan_luc-loi\"") && bad.text.contains("value=\"mai\""))
            let twice = await stage.citizen.get(
                "/tinh-ngay-hen?nhan_luc=2026-02-13T16:20&so_luong=2&so_luong=3&don_vi=working_day")
            #expect(twice.status == 422 && twice.text.contains("id=\"so_luong-loi\""))
        }
    }
}
