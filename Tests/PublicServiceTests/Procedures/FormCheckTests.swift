import Foundation
import Testing

@testable import PublicService

/// A published revision as it stands in the catalogue.
func published(_ code: String) throws -> Procedure {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Catalogue/procedures/\(code)")
    let name = try #require(
        try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("2") }.max())
    let decoder = JSONDecoder()
    decoder.allowsJSON5 = true
    return try decoder.decode(Procedure.self, from: Data(contentsOf: folder.appending(path: name)))
}

@Suite struct FormCheckTests {
    static let today = TypedTextTests.today

    @Test func checksEveryDefectAtOnce() throws {
        let form = try #require(try published("1.001193").form)
        let child = try #require(form.steps.first { $0.id == "tre" })
        let checked = form.check(
            child,
            [
                "ten_tre": ["<script>alert(1)</script>"], "ngay_sinh": ["1/1/2099"], "gioi_tinh": ["nam", "nu"],
                "dan_toc": ["Kinh\u{0}"], "noi_sinh": ["Hoằng Lưu"], "trang_thai": ["accepted"],
            ], today: FormCheckTests.today)
        #expect(checked.answers == ["noi_sinh": "Hoằng Lưu"])
        #expect(
            checked.defects == [
                AnswerDefect(question: "ten_tre", defect: .notAName),
                AnswerDefect(question: "ngay_sinh", defect: .notPast),
                AnswerDefect(question: "gioi_tinh", defect: .repeated),
                AnswerDefect(question: "dan_toc", defect: .controlCharacter),
            ])
    }

    @Test func leavesOutWhatIsNotAsked() throws {
        let form = try #require(try published("1.001193").form)
        #expect(form.steps(for: ["co_cha": "no"]).map(\.id) == ["nguoi-yeu-cau", "tre", "que-quan", "me"])
        #expect(form.steps(for: ["co_cha": "yes"]).last?.id == "cha")
        let typed = ["co_cha": ["no"], "ten_cha": ["Lê Văn Hùng"]]
        #expect(form.check(typed, today: FormCheckTests.today).answers["ten_cha"] == nil)
    }

    @Test func optionalAnswersMayStayEmptyButNotWrong() throws {
        let form = try #require(try published("2.000635").form)
        let step = try #require(form.steps.first)
        let base = [
            "ho_ten": ["Lê Ánh"], "so_dinh_danh": ["038190000123"], "dien_thoai": ["0912345678"],
            "noi_cu_tru": ["Hoằng Lưu"],
        ]
        #expect(
            form.check(step, base.merging(["thu_dien_tu": [""]]) { $1 }, today: FormCheckTests.today).defects.isEmpty)
        let wrong = form.check(step, base.merging(["thu_dien_tu": ["x"]]) { $1 }, today: FormCheckTests.today)
        #expect(wrong.defects == [AnswerDefect(question: "thu_dien_tu", defect: .notAnEmail)])
    }

    @Test(arguments: [
        ("0", TextDefect.outOfBounds(from: 1, to: 50)), ("51", .outOfBounds(from: 1, to: 50)), ("-1", .notANumber),
        ("1,5", .notANumber), ("x", .notANumber), ("99999999999", .notANumber),
    ])
    func boundsNumbers(_ raw: String, _ defect: TextDefect) throws {
        let question = try #require(try published("2.000635").form?.questions.first { $0.id == "so_ban" })
        #expect(throws: defect) { try question.check([raw], today: FormCheckTests.today) }
        #expect(try question.check([" 3 "], today: FormCheckTests.today) == "3")
    }

    @Test func chargesEightThousandACopy() throws {
        let procedure = try published("2.000635")
        let fees = procedure.fees(for: ["so_ban": "3"])
        #expect(fees.map(\.amount) == [Money(dong: 24_000)])
        #expect(fees.first?.basis == "Thông tư 281/2016/TT-BTC")
        #expect(procedure.fees(for: [:]).isEmpty)
        #expect(try published("1.001193").fees(for: ["so_ban_sao": "0"]).isEmpty)
    }

    @Test func neverTakesAnUncertainNumber() throws {
        for code in try FileManager.default.contentsOfDirectory(atPath: SourceFolder.catalogue + "/procedures") {
            let procedure = try published(code)
            for fee in procedure.fees where fee.setBy == "province" { #expect(fee.amount == nil, "\(code)") }
            if procedure.certain["processing_time"] != true {
                #expect(procedure.time(for: .selfService) == nil, "\(code)")
            }
            #expect(!procedure.sources.isEmpty, "\(code)")
        }
    }
}

enum SourceFolder {
    static let catalogue = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Catalogue").path
}

@Suite struct ProcedureSearchTests {
    @Test(arguments: [
        ("khai sinh", "1.001193"), ("giay khai sinh", "1.001193"), ("Giấy Khai Sinh", "1.001193"),
        ("sổ đỏ", "1.013978"),
        ("trích lục", "2.000635"), ("ket hon", "1.000894"), ("1.001193", "1.001193"), ("công chứng", "2.000815"),
        ("khai sjnh", "1.001193"),
    ]) func findsTheRightProcedure(_ query: String, _ code: String) throws {
        let codes = try FileManager.default.contentsOfDirectory(atPath: SourceFolder.catalogue + "/procedures")
        let search = ProcedureSearch(try codes.sorted().map(published))
        #expect(
            search.find(query).prefix(3).map(\.code.rawValue).contains(code),
            "\(search.find(query).prefix(3).map(\.name))")
    }

    @Test(arguments: ["", "   ", "zzzz", "<script>"]) func findsNothingForNothing(_ query: String) throws {
        #expect(ProcedureSearch([try published("1.001193")]).find(query).isEmpty)
    }
}
