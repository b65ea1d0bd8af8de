import HTTPWire
import PublicService
import Testing
import Web

@testable import Portal

/// A draft on its way in and out, and a dossier as its citizen sees it.
@Suite struct CitizenDossierTests {
    typealias Screen = DraftTests.Screen

    @Test func aDraftOpensByItsLinkAndIsRemovedOnPurposeOnly() async throws {
        try await Stage.with { stage in
            let screen = try await Screen(stage)
            let link = PercentEncoding.encode(" https://portal.test\(screen.base)/tre ")
            #expect(await stage.citizen.get("/nop?lien-ket=\(link)").fields[.location] == screen.base)
            let short = await stage.citizen.get("/nop?lien-ket=%3Cscript%3E")
            #expect(short.status == 422 && short.text.contains("id=\"lien-ket-loi\""))
            #expect(short.text.contains("value=\"&lt;script&gt;\""), "what was pasted is kept")
            let left = await stage.citizen.post(screen.base + "/roi-may", [("csrf", screen.token)])
            #expect(left.fields[FieldName(unchecked: "Clear-Site-Data")]?.contains("cookies") == true)
            let page = await stage.citizen.get(screen.base)
            #expect(page.status == 200 && page.text.contains(">Nháp</span>"), "leaving the machine keeps the draft")
            let ask = await stage.citizen.get(screen.base + "/xoa")
            #expect(ask.status == 200 && ask.text.contains("không lấy lại được"))
            let token = try #require(ask.csrfToken)
            #expect(await stage.citizen.post(screen.base + "/xoa", [("csrf", token)]).status == 200)
            #expect(await stage.citizen.get(screen.base).status == 410)
        }
    }

    @Test func theDraftTellsWhatIsDoneAndWhatIsBegun() async throws {
        try await Stage.with { stage in
            let screen = try await Screen(stage)
            #expect(await screen.send(DraftTests.good).status == 303)
            _ = await stage.citizen.post(
                screen.base + "/tre", [("csrf", screen.token), ("ten_tre", "Khôi"), ("viec", "luu")])
            let page = await stage.citizen.get(screen.base).text
            #expect(page.contains("Thông tin của bạn</a> – Xong") && page.contains("Thông tin của trẻ</a> – Đang làm"))
            #expect(page.contains("Nhận kết quả</a> – Chưa làm"))
            #expect(await stage.citizen.get(screen.base + "/tre").text.contains("Bước 2 trong 7: Thông tin của trẻ"))
        }
    }

    @Test func howTheResultIsToComeIsKeptAsTyped() async throws {
        try await Stage.with { stage in
            let screen = try await Screen(stage)
            let path = screen.base + "/nhan-ket-qua"
            let typed = [("csrf", screen.token), ("cach_nhan", "post"), ("dia_chi_nhan", "Thôn 1\u{202E}")]
            #expect(await stage.citizen.post(path, typed).status == 422)
            let again = await stage.citizen.get(path).text
            #expect(again.contains("value=\"post\" checked") && again.contains("Thôn 1"))
            #expect(await stage.citizen.post(path, typed + [("viec", "luu")]).status == 303)
            let submitted = await stage.citizen.post(screen.base + "/nop-ho-so", [("csrf", screen.token)])
            #expect(submitted.status == 422 && submitted.text.contains("Chọn nơi nhận kết quả"))
        }
    }

    @Test func aScriptKeepsWhatIsBeingTyped() async throws {
        try await Stage.with { stage in
            let screen = try await Screen(stage)
            let reply = await screen.send([("ho_ten", "Lê Th"), ("viec", "tu-luu")])
            #expect(reply.status == 204 && reply.body.isEmpty)
            #expect(await stage.citizen.get(screen.address).text.contains("value=\"Lê Th\""))
            let delivery = [("csrf", screen.token), ("cach_nhan", "desk"), ("viec", "tu-luu")]
            #expect(await stage.citizen.post(screen.base + "/nhan-ket-qua", delivery).status == 204)
        }
    }

    /// What may cost something is never called free.
    @Test func theReviewNamesFeesThatTheAuthoritySets() async throws {
        try await Stage.with { stage in
            let screen = try await Screen(stage)
            let page = await stage.citizen.get(screen.base + "/kiem-tra").text
            #expect(!page.contains("Miễn phí") && page.contains("Lệ phí: Do cơ quan quy định"))
        }
    }

    @Test func theFirstSentenceSaysStepHolderAndTime() async throws {
        try await Stage.with { stage in
            let receipt = try await stage.dossier()
            let path = "/ho-so/\(receipt.code)?khoa=\(receipt.lookupKey)"
            let lead = { (text: String) in text.components(separatedBy: "<p class=\"lead\">").last ?? "" }
            let before = lead(await stage.citizen.get(path).text)
            #expect(before.hasPrefix("Hồ sơ đang ở bước Chờ tiếp nhận do Trung tâm"))
            #expect(before.contains("hẹn trả lời trước 09:00 ngày 26/11/2026."))
            let officer = try await stage.signIn("an")
            let act = "/can-bo/ho-so/\(receipt.code)/viec/tiep-nhan"
            let token = try #require(await officer.get(act).csrfToken)
            #expect(await officer.post(act, [("csrf", token), ("phien-ban", "1")]).status == 303)
            let accepted = await stage.citizen.get(path).text
            #expect(lead(accepted).contains("xử lý, hẹn trả trước "), "\(lead(accepted).prefix(200))")
            #expect(accepted.contains("Cán bộ an (cán bộ tiếp nhận)"))
            #expect(accepted.contains("aria-current=\"step\""))
            let tail = await stage.citizen.get("/ho-so/\(receipt.code)?duoi=678").text
            #expect(!tail.contains("Cán bộ an") && tail.contains("cán bộ tiếp nhận"), "the tail shows roles, no names")
            #expect(!tail.contains("<form"), "and nothing to do")
        }
    }

    /// Every status has its one line, and the words are those agreed.
    @Test func everyStatusWordHasItsLine() async throws {
        try await Stage.with { stage in
            let words = CitizenStatus.allCases.map { stage.portal.messages.say("status.\($0.rawValue)") }
            let agreed = [
                "Chờ tiếp nhận", "Đang xử lý", "Chờ bạn bổ sung", "Chờ bạn thanh toán", "Đã có kết quả",
                "Đã trả kết quả",
                "Bị từ chối", "Đã rút", "Dừng giải quyết",
            ]
            #expect(Set(words) == Set(agreed))
            for status in CitizenStatus.allCases {
                #expect(stage.portal.messages.say("status.\(status.rawValue).meaning").hasSuffix("."))
            }
        }
    }

    @Test func trackingKeepsWhatWasTyped() async throws {
        try await Stage.with { stage in
            let token = try #require(await stage.citizen.get("/tra-cuu").csrfToken)
            let wrong = await stage.citizen.post("/tra-cuu", [("csrf", token), ("ma", "h56 <b>"), ("khoa", "\"khóa")])
            #expect(wrong.status == 422)
            #expect(wrong.text.contains("value=\"h56 &lt;b&gt;\"") && wrong.text.contains("value=\"&quot;khóa\""))
            let twice = await stage.citizen.post(
                "/tra-cuu", [("csrf", token), ("ma", "A"), ("ma", "B"), ("khoa", "123")])
            #expect(twice.status == 422 && twice.text.contains("gửi hai lần"))
        }
    }

    /// A note or reason that cannot be taken is said so, never dropped.
    @Test func notesAreCheckedNotDropped() async throws {
        try await Stage.with { stage in
            let receipt = try await stage.dossier()
            let path = "/ho-so/\(receipt.code)/rut"
            let page = await stage.citizen.get(path + "?khoa=\(receipt.lookupKey)")
            let form = [("csrf", try #require(page.csrfToken)), ("khoa", receipt.lookupKey)]
            for (reason, says) in [
                ("đổi ý\u{202E}", "ký tự ẩn"), (String(repeating: "a", count: 1001), "nhiều nhất 1000 ký tự"),
            ] {
                let reply = await stage.citizen.post(path, form + [("ly-do", reason)])
                #expect(reply.status == 422 && reply.text.contains(says) && reply.text.contains("id=\"ly-do-loi\""))
                #expect(reply.text.contains(String(reason.prefix(5))), "what was typed is kept")
            }
            #expect(await stage.citizen.post(path, form + [("ly-do", "đổi ý")]).status == 303)
        }
    }

    @Test func aSupplementsNoteIsCheckedBesideItsField() async throws {
        try await Stage.with { stage in
            let receipt = try await stage.dossier()
            let officer = try await stage.signIn("an")
            let act = "/can-bo/ho-so/\(receipt.code)/viec/yeu-cau-bo-sung"
            let token = try #require(await officer.get(act).csrfToken)
            let asked = await officer.post(
                act,
                [
                    ("csrf", token), ("phien-ban", "1"), ("sai_giay_to_3", "Ảnh mờ"), ("can_cu", "Điều 15"),
                    ("han_ngay", "5"),
                ])
            try #require(asked.status == 303, "\(asked.text)")
            let path = "/ho-so/\(receipt.code)/bo-sung"
            let page = await stage.citizen.get(path + "?khoa=\(receipt.lookupKey)")
            let form = [("csrf", try #require(page.csrfToken)), ("khoa", receipt.lookupKey)]
            let empty = await stage.citizen.post(path, form, files: [])
            #expect(empty.status == 422 && empty.text.contains("Chọn tệp rồi bấm Gửi bổ sung"))
            let pdf = [("tep-giay-to-3", "mới.pdf", Array("%PDF-1.4 mới".utf8))]
            let hidden = await stage.citizen.post(path, form + [("ghi-chu", "xem\u{200B}lại")], files: pdf)
            #expect(hidden.status == 422 && hidden.text.contains("id=\"ghi-chu-loi\""))
            #expect(hidden.text.contains("Đã tải lên: mới.pdf"), "the file stays uploaded")
            let seal = try #require(hidden.text.firstMatch(of: #/name="giu-giay-to-3" value="([^"]+)"/#)?.1)
            let sent = await stage.citizen.post(
                path, form + [("ghi-chu", "xem lại"), ("giu-giay-to-3", String(seal))], files: [])
            #expect(sent.status == 303)
            let after = await stage.citizen.get("/ho-so/\(receipt.code)?khoa=\(receipt.lookupKey)").text
            #expect(after.contains("mới.pdf") && after.contains("Đã gửi bổ sung"))
        }
    }
}
