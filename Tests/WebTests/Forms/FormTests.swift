import HTTPWire
import Synchronization
import Testing

@testable import Web

/// Shows what a form held, one line a field, file and defect.
private func show(_ form: Form) -> Response {
    var lines = form.fields.map { "\($0.name)=\($0.value.debugDescription)" }
    lines += form.files.map { "\($0.fieldName):\($0.fileName):\($0.byteCount):\($0.kept)" }
    lines += form.defects.map { "\($0)" }
    return .text(lines.joined(separator: "\n"))
}

/// Keeps files in memory and remembers what became of them.
private final class MemorySink: UploadSink {
    struct State {
        var finished: [String] = []
        var abandoned = 0
        var discarded: [String] = []
        var largestPiece = 0
    }

    final class Writer: UploadWriter {
        let sink: MemorySink
        let bytes = Mutex<[UInt8]>([])
        init(_ sink: MemorySink) { self.sink = sink }
        func write(_ more: [UInt8]) async throws {
            bytes.withLock { $0 += more }
            sink.state.withLock { $0.largestPiece = max($0.largestPiece, more.count) }
        }
        func finish() async throws -> any Sendable {
            let text = String(decoding: bytes.withLock { $0.prefix(8) }, as: UTF8.self)
            sink.state.withLock { $0.finished.append(text) }
            return text
        }
        func abandon() async { sink.state.withLock { $0.abandoned += 1 } }
    }

    let state = Mutex(State())
    var now: State { state.withLock { $0 } }

    func begin(fieldName: String, fileName: String, contentType: String) async throws -> any UploadWriter {
        Writer(self)
    }
    func discard(_ kept: any Sendable) async {
        state.withLock { $0.discarded.append(kept as? String ?? "?") }
    }
}

@Suite struct FormTests {
    private let sink = MemorySink()

    private func site() -> TestClient {
        let uploads = UploadRules(fileLimit: 2, fileByteLimit: 200_000) { [sink] _ in sink }
        return TestClient(
            router { routes in
                routes.get("/token") { .text("name=\"csrf\" value=\"\($0.csrfToken())\"") }
                routes.post("/small", rules: FormRules(bodyLimit: 4000, fieldLimit: 4, valueByteLimit: 100)) {
                    show($1)
                }
                routes.post("/files", rules: FormRules(bodyLimit: 500_000, uploads: uploads)) { show($1) }
            })
    }

    private func token(_ site: TestClient) async throws -> (String, String) {
        ("csrf", try #require(await site.get("/token").csrfToken))
    }

    @Test func readsFieldsWithoutTheToken() async throws {
        let site = site()
        let token = try await token(site)
        let reply = await site.post(
            "/small", [token, ("ten", "Nguyễn Thị Ánh"), ("ghi chu", "a\r\nb\rc\nd"), ("x", "")])
        #expect(reply.text == "ten=\"Nguyễn Thị Ánh\"\nghi chu=\"a\\nb\\nc\\nd\"\nx=\"\"")
    }

    @Test func multipartSaysTheSame() async throws {
        let site = site()
        let token = try await token(site)
        let reply = await site.post(
            "/small", [token, ("ten", "Nguyễn Thị Ánh"), ("ghi chu", "a\r\nb")], files: [("paper", "", [])])
        #expect(reply.text == "ten=\"Nguyễn Thị Ánh\"\nghi chu=\"a\\nb\"")
    }

    @Test func reportsWhatIsOddAboutTheFields() async throws {
        let site = site()
        let token = try await token(site)
        let reply = await site.post(
            "/small", [token, ("a", "1"), ("a", "2"), ("b", "x\u{0}y"), ("c", "gpj.\u{202E}exe")])
        let lines = reply.text.split(separator: "\n").suffix(3)
        #expect(
            Array(lines) == [
                "repeated(name: \"a\")", "controlCharacter(name: \"b\")", "directionControl(name: \"c\")",
            ])
    }

    @Test func refusesTextsThatAreNoForm() async throws {
        let site = site()
        let form = ["Content-Type": "application/x-www-form-urlencoded"]
        let (name, value) = try await token(site)
        let cases: [([String: String], String, Int)] = [
            (form, "\(name)=\(value)&a=%zz", 400), (form, "\(name)=\(value)&a=%ff", 400),
            (form, "\(name)=\(value)&=x", 400),
            (["Content-Type": "text/plain"], "a=b", 415), ([:], "a=b", 415),
            (["Content-Type": "multipart/form-data"], "--b--", 400),
            (["Content-Type": "multipart/form-data; boundary=b"], "no boundary at all", 400),
        ]
        for (fields, body, status) in cases {
            #expect(await site.send(.post, "/small", fields, body: Array(body.utf8)).status == status, "\(body)")
        }
    }

    @Test func refusesMoreThanTheRulesAllow() async throws {
        let site = site()
        let token = try await token(site)
        let five = (0..<5).map { ("n\($0)", "x") }
        #expect(await site.post("/small", [token] + five.dropLast()).status == 200)
        #expect(await site.post("/small", [token] + five).status == 413)
        #expect(await site.post("/small", [token, ("a", String(repeating: "x", count: 100))]).status == 200)
        #expect(await site.post("/small", [token, ("a", String(repeating: "x", count: 101))]).status == 413)
        #expect(await site.post("/small", [token, ("a", String(repeating: "x", count: 5000))]).status == 413)
        #expect(await site.post("/small", [token, ("a", String(repeating: "x", count: 101))], files: []).status == 413)
        #expect(await site.post("/small", [token], files: [("f", "a.pdf", [1])]).status == 413)
    }

    @Test func streamsFilesToTheSink() async throws {
        let site = site()
        let token = try await token(site)
        let large = [UInt8](repeating: UInt8(ascii: "L"), count: 150_000)
        let reply = await site.post(
            "/files", [token, ("a", "1")],
            files: [("paper", "C:\\scan\\Giấy khai sinh.PDF", Array("%PDF-1.7".utf8)), ("photo", "anh.jpg", large)])
        #expect(
            reply.text == """
                a="1"
                paper:Giấy khai sinh.PDF:8:%PDF-1.7
                photo:anh.jpg:150000:LLLLLLLL
                """)
        #expect(sink.now.largestPiece <= 65536)
        #expect(sink.now.discarded.isEmpty)
    }

    @Test func givesBackWhatItTookWhenTheFormFails() async throws {
        let site = site()
        let token = try await token(site)
        let tooLarge = [UInt8](repeating: 65, count: 200_001)
        let reply = await site.post("/files", [token], files: [("a", "a.pdf", [66]), ("b", "b.pdf", tooLarge)])
        #expect(reply.status == 413)
        #expect(sink.now.finished == ["B"])
        #expect(sink.now.discarded == ["B"])
        #expect(sink.now.abandoned == 1)
        let three = (0..<3).map { ("f\($0)", "x.pdf", [UInt8(67)]) }
        #expect(await site.post("/files", [token], files: three).status == 413)
        #expect(sink.now.discarded == ["B", "C", "C"])
    }

    @Test func anEmptyFileIsAFile() async throws {
        let site = site()
        let token = try await token(site)
        let reply = await site.post("/files", [token], files: [("paper", "x.pdf", []), ("paper", "y.pdf", [])])
        #expect(reply.text == "paper:x.pdf:0:\npaper:y.pdf:0:", "two files of one field are no defect")
        #expect(await site.post("/files", [token], files: [("paper", "", [1])]).status == 400)
    }

    @Test func textsTogetherAreBounded() async throws {
        let site = site()
        let token = try await token(site)
        let long = String(repeating: "x", count: 60_000)
        let four = (0..<4).map { ("n\($0)", long) }
        #expect(await site.post("/files", [token] + four, files: []).status == 200)
        #expect(await site.post("/files", [token] + four + [("n4", long)], files: []).status == 413)
    }

    @Test func partsAreCounted() async throws {
        let site = site()
        let token = try await token(site)
        let nothing = (0..<203).map { ("f\($0)", "", [UInt8]()) }
        #expect(await site.post("/files", [token], files: Array(nothing.dropLast())).status == 200)
        #expect(await site.post("/files", [token], files: nothing).status == 413)
    }

    @Test func takesNoFileBeforeTheToken() async throws {
        let site = site()
        _ = try await token(site)
        let reply = await site.post("/files", [("a", "1")], files: [("paper", "x.pdf", [1])])
        #expect(reply.status == 403)
        #expect(sink.now.finished.isEmpty && sink.now.abandoned == 0)
    }

    @Test func anInterruptedUploadIsAbandoned() async throws {
        let site = site()
        let (_, value) = try await token(site)
        let body =
            "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n\(value)\r\n--b\r\n"
            + "Content-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\nhalf of it"
        let type = ["Content-Type": "multipart/form-data; boundary=b"]
        #expect(await site.send(.post, "/files", type, body: Array(body.utf8)).status == 400)
        #expect(sink.now.abandoned == 1)
    }

    @Test func everyPieceSizeGivesTheSameForm() async throws {
        let site = site()
        let (_, value) = try await token(site)
        let body =
            "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n\(value)\r\n--b\r\n"
            + "Content-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n\r\n--\r\n\r\n--b--"
        let type = ["Content-Type": "multipart/form-data; boundary=b"]
        for size in 1...(body.utf8.count) {
            let reply = await site.send(.post, "/files", type, body: Array(body.utf8), pieceSize: size)
            #expect(reply.text == "f:x:6:\r\n--\r\n")
        }
    }

    @Test(arguments: [
        ("a.pdf", "a.pdf"), ("../../etc/passwd", "passwd"), ("C:\\x\\y.doc", "y.doc"), ("", "file"), ("...", "file"),
        (".htaccess", "htaccess"), ("a\u{0}b\n\tc\u{7F}.pdf", "abc.pdf"), ("x\u{202E}fdp.exe", "xfdp.exe"),
        ("  Đơn xin  xác nhận .pdf  ", "Đơn xin  xác nhận .pdf"), ("a/", "a"),
        (String(repeating: "ế", count: 200) + ".pdf", String(repeating: "ế", count: 116) + ".pdf"),
        (String(repeating: "x", count: 200), String(repeating: "x", count: 120)),
        ("ab" + String(repeating: "\u{301}", count: 3000) + ".pdf", "a.pdf"),
        ("e" + String(repeating: "\u{301}", count: 3000) + ".pdf", "file.pdf"),
        ("a." + "p" + String(repeating: "\u{301}", count: 3000), "a."),
    ])
    func cleansFileNames(_ sent: String, _ cleaned: String) {
        #expect(FileName.cleaned(sent) == cleaned)
    }
}
