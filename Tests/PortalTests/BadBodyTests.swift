import Foundation
import HTTPWire
import PublicService
import Testing
import Web

@testable import Portal

/// Bodies that are wrong: the right status, every defect with its place and a sentence, and nothing kept.
@Suite struct BadBodyTests {
    struct Refusal: Decodable { let error: APIError }

    /// The fields of a refusal by pointer.
    static func defects(_ reply: TestClient.Reply) throws -> [String: String] {
        let error = try JSONDecoder().decode(Refusal.self, from: Data(reply.body)).error
        #expect(!error.message.isEmpty)
        #expect(error.fields.allSatisfy { !$0.message.isEmpty && !$0.message.contains("api.") })
        return Dictionary(error.fields.map { ($0.pointer ?? "-", $0.key) }) { first, _ in first }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let body: [UInt8]
        let pointer: String
        let key: String
        init(_ body: String, _ pointer: String, _ key: String) {
            (self.body, self.pointer, self.key) = (Array(body.utf8), pointer, key)
        }
        init(_ body: [UInt8], _ pointer: String, _ key: String) {
            (self.body, self.pointer, self.key) = (body, pointer, key)
        }
        var testDescription: String { String(decoding: body.prefix(40), as: UTF8.self) }
    }

    static let rows: [Row] = [
        .init("", "", "badSyntax"), .init("{", "", "badSyntax"), .init("{} {}", "", "badSyntax"),
        .init("\u{FEFF}{}", "", "badSyntax"), .init("{'procedure':1}", "", "badSyntax"),
        .init("{\"procedure\":NaN}", "/procedure", "badSyntax"), .init("{\"a\":01}", "/a", "badSyntax"),
        .init("{\"a\":1.}", "/a", "badSyntax"), .init("{\"a\":\"x\ny\"}", "/a", "badSyntax"),
        .init("{\"a\":\"\\x\"}", "/a", "badSyntax"), .init("{\"a\":tru}", "/a", "badSyntax"),
        .init("{\"a\":[1,]}", "/a/1", "badSyntax"), .init("[]", "", "notAnObject"), .init("null", "", "notAnObject"),
        .init("1e999999", "", "notAnObject"), .init("{}", "/delivery", "absent"),
        .init("{\"procedure\":1}", "/procedure", "notAString"),
        .init("{\"procedure\":1e99999999}", "/procedure", "notAString"),
        .init("{\"procedure\":null}", "/procedure", "notAString"), .init("{\"answers\":[]}", "/answers", "notAnObject"),
        .init("{\"answers\":{\"a/b~\":true}}", "/answers/a~1b~0", "notAString"),
        .init("{\"attachments\":{}}", "/attachments", "notAnArray"),
        .init("{\"attachments\":[7]}", "/attachments/0", "notAnObject"),
        .init("{\"attachments\":[{\"name\":\"a\"}]}", "/attachments/0/requirement", "absent"),
        .init("{\"procedure\":\"a\",\"procedure\":\"b\"}", "/procedure", "repeatedName"),
        .init("{\"procedure\":\"a\",\"proced\\u0075re\":\"b\"}", "/procedure", "repeatedName"),
        .init("{\"a\":\"\\ud800\\u0041\"}", "/a", "badUTF8"), .init("{\"a\":\"\\udc00\"}", "/a", "badUTF8"),
        .init(Array("{\"a\":\"".utf8) + [0xFF] + Array("\"}".utf8), "/a", "badUTF8"),
        .init(Array("{\"a\":\"".utf8) + [0xC0, 0x80] + Array("\"}".utf8), "/a", "badUTF8"),
        .init(String(repeating: "[", count: 100_000), String(repeating: "/0", count: 17), "tooDeep"),
        .init("[" + String(repeating: "0,", count: 20_000) + "0]", "/19999", "tooManyValues"),
        .init(String(repeating: "{\"a\":", count: 100_000), String(repeating: "/a", count: 17), "tooDeep"),
    ]

    @Test(arguments: rows) func bodiesThatAreNoSubmissionAre400(_ row: Row) async throws {
        try await Stage.with { stage in
            let reply = await stage.submit(row.body, key: "k")
            #expect(reply.status == 400)
            let defects = try BadBodyTests.defects(reply)
            #expect(defects[row.pointer] == row.key, "\(defects)")
        }
    }

    @Test func readsWhatJSONAllows() throws {
        let text = " {\"a\":\"\\u0041\\ud83d\\ude00\\/\\n\\\"\u{1EC7}\",\"b\":[true,false,null,-0.5e+3,{}, []]} \r\n"
        guard case .object(let members) = try JSONText.read(Array(text.utf8)) else {
            Issue.record("no object")
            return
        }
        guard case .string(let a)? = members.first?.value else {
            Issue.record("no text")
            return
        }
        #expect(a == "A\u{1F600}/\n\"\u{1EC7}")
        #expect(members.map(\.name) == ["a", "b"])
    }

    /// Whatever bytes come, reading ends with a value or a defect, as Foundation's reader agrees for good ones.
    @Test(arguments: 0..<40) func anyBytesEndInAValueOrADefect(_ seed: Int) throws {
        var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let signs = Array("{}[]\":,\\u0dtrue1.-e \u{1EC7}".utf8)
        for _ in 0..<200 {
            let bytes = (0..<random(24)).map { _ in signs[random(signs.count)] }
            guard (try? JSONText.read(bytes)) != nil else { continue }
            let theirs = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            #expect(theirs != nil, "\(String(decoding: bytes, as: UTF8.self))")
        }
    }

    // MARK: Contents

    private func submission(_ stage: Stage) async throws -> APISubmission {
        try JSONDecoder().decode(APISubmission.self, from: Data(await stage.example("1.001193")))
    }

    @Test func hostileAnswersAreNamedOneByOne() async throws {
        try await Stage.with { stage in
            let rows = [
                ("<script>alert(1)</script>", "notAName"), ("a\u{0}b", "controlCharacter"),
                ("a\u{202E}b", "invisibleCharacter"), ("a\r\nSet-Cookie: x", "controlCharacter"),
                ("Nguy\u{1A3}n", "wrongLetter"), (String(repeating: "a", count: 121), "tooLong"), ("", "missing"),
            ]
            for (index, (text, key)) in rows.enumerated() {
                var body = try await submission(stage)
                body.answers["ten_tre"] = text
                body.applicant?.phone = "12"
                body.partnerReference = String(repeating: "x", count: 201)
                let reply = await stage.submit(Array(try JSONEncoder().encode(body)), key: "k\(index)")
                #expect(reply.status == 422)
                let defects = try BadBodyTests.defects(reply)
                #expect(defects["/answers/ten_tre"] == key, "\(defects)")
                #expect(defects["/applicant/phone"] == "notAPhone" && defects["/partnerReference"] == "badReference")
            }
            #expect(try await stage.store.count(agency: stage.portal.agency.code, .init()) == 0)
        }
    }

    @Test func namesTypedInPiecesAreKeptWhole() async throws {
        try await Stage.with { stage in
            var body = try await submission(stage)
            body.answers["ten_tre"] = "Nguye\u{302}\u{303}n Minh Kho\u{302}i"
            let reply = await stage.submit(Array(try JSONEncoder().encode(body)), key: "k")
            try #require(reply.status == 201)
            let receipt = try JSONDecoder().decode(Stage.Receipt.self, from: Data(reply.body))
            let code = try #require(DossierCode(rawValue: receipt.code))
            let dossier = try await stage.store.dossier(code)
            #expect(Array(try #require(dossier?.answers["ten_tre"]).utf8) == Array("Nguyễn Minh Khôi".utf8))
        }
    }

    struct Paper: Sendable, CustomTestStringConvertible {
        var requirement = "giay-to-3"
        var name = "b.pdf"
        var content: String? = Data("%PDF-1.4 b".utf8).base64EncodedString()
        var sha256: String?
        let part: String
        let key: String
        var testDescription: String { "\(name) \(content?.prefix(8) ?? "-") \(key)" }
    }

    static let papers: [Paper] = [
        .init(content: "@@@@", part: "content", key: "badContent"),
        .init(content: "JVBE\r\nRi0x", part: "content", key: "badContent"),
        .init(content: "", part: "content", key: "badFileType"),
        .init(content: Data("MZ\u{0}".utf8).base64EncodedString(), part: "content", key: "badFileType"),
        .init(name: "b.png", part: "content", key: "badFileType"),
        .init(name: "b", part: "content", key: "badFileType"),
        .init(name: "../../etc/b.pdf", part: "name", key: "badFileName"),
        .init(name: "..\\b.pdf", part: "name", key: "badFileName"),
        .init(name: ".pdf", part: "name", key: "badFileName"),
        .init(name: "b\r\n.pdf", part: "name", key: "badFileName"),
        .init(name: "b\u{0}.pdf", part: "name", key: "badFileName"),
        .init(name: "fdp\u{202E}b.pdf", part: "name", key: "badFileName"),
        .init(name: String(repeating: "a", count: 130) + ".pdf", part: "name", key: "badFileName"),
        .init(requirement: "nothing", part: "requirement", key: "badRequirement"),
        .init(content: nil, part: "content", key: "notUploaded"),
        .init(content: nil, sha256: "../x", part: "sha256", key: "notUploaded"),
        .init(sha256: String(repeating: "0", count: 64), part: "sha256", key: "digestDisagrees"),
        .init(
            content: Data(Array("%PDF-".utf8) + Array(repeating: 65, count: 10 << 20)).base64EncodedString(),
            part: "content", key: "paperTooLarge"),
    ]

    /// A bad paper beside a good one: the good one is not kept either.
    @Test(arguments: papers) func badPapersKeepNothing(_ paper: Paper) async throws {
        try await Stage.with { stage in
            var body = try await submission(stage)
            let good = APISubmission.File(
                requirement: "giay-to-3", name: "a.pdf", content: Data("%PDF-1.4 good".utf8).base64EncodedString())
            let bad = APISubmission.File(
                requirement: paper.requirement, name: paper.name, content: paper.content, sha256: paper.sha256)
            body.attachments = [good, bad]
            let reply = await stage.submit(Array(try JSONEncoder().encode(body)), key: "k")
            #expect(reply.status == 422)
            let defects = try BadBodyTests.defects(reply)
            #expect(defects == ["/attachments/1/\(paper.part)": paper.key])
            let kept = try FileManager.default.subpathsOfDirectory(atPath: stage.store.folder.attachments)
            #expect(kept.isEmpty, "\(kept)")
        }
    }

    /// Memory for bodies has a bound: what comes beyond is refused for now, and what is small is taken all the same.
    @Test func bodiesShareTheMemoryForThem() async throws {
        try await Stage.with {
            $0.bodyBytes = 1 << 20
        } _: { stage in
            var body = try await submission(stage)
            body.attachments = [
                .init(
                    requirement: "giay-to-3", name: "a.pdf",
                    content: Data(Array("%PDF-".utf8) + Array(repeating: 65, count: 400_000)).base64EncodedString())
            ]
            let large = await stage.submit(Array(try JSONEncoder().encode(body)), key: "k")
            #expect(large.status == 503 && large.fields[.retryAfter] == "5")
            #expect(large.text.contains("\"http503\""))
            let kept = try FileManager.default.subpathsOfDirectory(atPath: stage.store.folder.attachments)
            #expect(kept.isEmpty, "\(kept)")
            #expect(stage.portal.bodies.takenByteCount == 0)
            body.attachments?[0].content = Data("%PDF-1.4 short".utf8).base64EncodedString()
            let small = await stage.submit(Array(try JSONEncoder().encode(body)), key: "k")
            #expect(small.status == 201)
        }
    }

    @Test func tooManyPapersAndTooLargeBodiesAreRefused() async throws {
        try await Stage.with { stage in
            var body = try await submission(stage)
            body.attachments = Array(
                repeating: .init(requirement: "giay-to-3", name: "a.pdf", content: "JVBERi0x"), count: 21)
            let many = await stage.submit(Array(try JSONEncoder().encode(body)), key: "k")
            #expect(many.status == 422)
            let defects = try BadBodyTests.defects(many)
            #expect(defects == ["/attachments": "tooManyPapers"])
            let large = await stage.submit(Array(repeating: 32, count: Portal.apiBodyLimit + 1), key: "k")
            #expect(large.status == 413 && large.text.contains("\"bodyTooLarge\""))
            let upload = await stage.citizen.send(
                .post, "/api/v1/uploads?name=a.pdf", ["Authorization": "Bearer khoa-doi-tac"],
                body: Array("%PDF-".utf8) + Array(repeating: 65, count: 10 << 20))
            #expect(upload.status == 413)
            #expect(upload.fields[.contentType]?.hasPrefix("application/problem+json") == true)
            #expect(upload.fields[FieldName(unchecked: "Upload-Limit")]?.contains("max-size=10485760") == true)
        }
    }

    /// Names that the description does not know set nothing (OWASP ASVS 5.0 section 15.3.3).
    @Test func unknownNamesSetNothing() async throws {
        try await Stage.with { stage in
            let example = String(decoding: await stage.example("2.000635"), as: UTF8.self)
            let more = #","state":"resultReady","fees":[],"amount":0,"receivedAt":"2020-01-01T00:00:00+07:00"}"#
            let reply = await stage.submit(Array((example.dropLast() + more).utf8), key: "k")
            #expect(reply.status == 201)
            let receipt = try JSONDecoder().decode(Stage.Receipt.self, from: Data(reply.body))
            #expect(receipt.payment?.amount == 16_000 && receipt.payment?.state == "pending")
            let code = try #require(DossierCode(rawValue: receipt.code))
            let dossier = try await stage.store.dossier(code)
            #expect(dossier?.state == .awaitingIntake && dossier?.submittedAt == stage.clock.now())
        }
    }
}
