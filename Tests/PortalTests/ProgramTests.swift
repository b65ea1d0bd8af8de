import Foundation
import HTTPWire
import PublicService
import Testing
import Web

@testable import Portal

/// The programs' interface.
@Suite struct ProgramTests {
    @Test func theSameKeyGivesTheSameAnswer() async throws {
        try await Stage.with { stage in
            let body = await stage.example("2.000635")
            let first = await stage.submit(body, key: "a")
            #expect(first.status == 201)
            #expect(await stage.submit(body, key: "a").text == first.text)
            #expect(await stage.submit(body + [32], key: "a").status == 409)
            #expect(await stage.submit(body, key: "a", partner: "khac").status == 401)
            #expect(await stage.submit(body, key: "a", partner: nil).status == 401)
            #expect(await stage.submit(body, key: "").status == 422)
            let list = await stage.citizen.get("/api/v1/dossiers", ["Authorization": "Bearer khoa-doi-tac"])
            #expect(list.text.components(separatedBy: "\"code\"").count == 2)
        }
    }

    @Test(arguments: ["2.000635", "1.001193"])
    func whatWasAnsweredOnceIsAnsweredTheSameWhenItWouldBeRefusedNow(_ procedure: String) async throws {
        try await Stage.with { stage in
            let body = await stage.example(procedure)
            let first = await stage.submit(body, key: "a")
            #expect(first.status == 201)
            #expect(await stage.submit(Array("{".utf8), key: "a").status == 409)
            #expect(await stage.submit(Array("{}".utf8), key: "a").status == 409)
            // A day that the calendar does not know.
            stage.clock.move(to: "2090-01-04T09:00")
            #expect(await stage.submit(body, key: "b").status == 503)
            let again = await stage.submit(body, key: "a")
            #expect(again.status == 201)
            #expect(again.text == first.text)
        }
    }

    @Test func papersMayComeFirst() async throws {
        try await Stage.with { stage in
            try await stage.store.addPartner(name: "khac", key: "khoa-khac")
            let key = ["Authorization": "Bearer khoa-doi-tac"]
            let bad = await stage.citizen.send(.post, "/api/v1/uploads?name=a.pdf", key, body: Array("MZ".utf8))
            #expect(bad.status == 422)
            #expect(await stage.citizen.send(.post, "/api/v1/uploads", key, body: Array("%PDF-1.4".utf8)).status == 422)
            #expect(
                await stage.citizen.send(.post, "/api/v1/uploads?name=a.pdf", [:], body: Array("%PDF-1.4".utf8)).status
                    == 401)
            let reply = await stage.citizen.send(.post, "/api/v1/uploads?name=a.pdf", key, body: Array("%PDF-1.4".utf8))
            #expect(reply.status == 201)
            let file = try JSONDecoder().decode(APIFile.self, from: Data(reply.body))
            var body = try JSONDecoder().decode(APISubmission.self, from: Data(await stage.example("1.001193")))
            body.attachments = [.init(requirement: "giay-to-3", name: "a.pdf", content: nil, sha256: file.sha256)]
            let bytes = Array(try JSONEncoder().encode(body))
            #expect(await stage.submit(bytes, key: "x", partner: "khoa-khac").status == 422, "another's paper")
            let receipt = await stage.submit(bytes, key: "x")
            #expect(receipt.status == 201 && receipt.text.contains(file.sha256))
        }
    }

    @Test(arguments: ["", "{", "[]", "null", "{\"procedure\":1}", "\u{FEFF}{}", String(repeating: "[", count: 99_999)])
    func refusesWhatIsNoSubmission(
        _ body: String
    ) async throws {
        try await Stage.with { stage in
            let reply = await stage.submit(Array(body.utf8), key: "k")
            #expect(reply.status == 400)
            #expect(reply.text.contains("\"message\""))
        }
    }

    @Test(arguments: [
        ("received=2026-02-13T16:20&quantity=2&unit=working_day", 200),
        ("received=2026-02-30T16:20&quantity=2&unit=working_day", 422),
        ("quantity=2&unit=working_day", 422), ("received=2026-02-13T16:20&quantity=0&unit=working_day", 422),
        ("received=2026-02-13T16:20&quantity=x&unit=working_day", 422),
        ("received=2026-02-13T16:20&quantity=2&unit=week", 422),
        ("received=2026-02-13T16:20&quantity=2&unit=other", 422),
        ("received=2026-02-13T16:20&quantity=99999&unit=working_day", 422),
        ("received=2026-02-13T16:20&quantity=2&unit=working_day&pauses=x", 422),
        ("received=2026-02-13T16:20&quantity=2&unit=working_day&pauses=,", 422),
        ("received=2026-02-13T16:20&quantity=2&unit=working_day&pauses=2026-03-05T08:00/2026-03-02T16:00", 422),
        ("received=2026-02-13T16:20%2B07:00&quantity=2&unit=working_day", 422),
        ("received=2026-02-13T16:20&quantity=2&unit=same_day", 422),
        ("received=2026-02-13T16:20&quantity=1.5&unit=working_day", 422), ("", 422),
        ("received=2026-02-13T16:20&quantity=2&quantity=3&unit=working_day", 422),
        ("received=2026-03-02T09:00&quantity=2&unit=working_day&pauses=2026-03-02T16:00/2026-03-05T08:00", 200),
    ]) func calculatesDueDates(_ query: String, _ status: Int) async throws {
        try await Stage.with { stage in
            #expect(await stage.citizen.get("/api/v1/due?" + query).status == status)
        }
    }

    /// Worked examples with their answers: each unit, a swap day, a pause, the office's edges.
    @Test(arguments: [
        ("received=2026-03-02T09:10&quantity=3&unit=working_day", "2026-03-05T09:10"),
        ("received=2026-03-02T07:00&quantity=1&unit=working_day", "2026-03-02T17:00"),
        ("received=2026-03-06T18:20&quantity=1&unit=working_day", "2026-03-09T17:00"),
        ("received=2026-03-02T16:00&quantity=6&unit=working_hour", "2026-03-03T14:00"),
        ("received=2026-03-02T12:15&quantity=1&unit=working_day", "2026-03-03T11:30"),
        ("received=2026-02-13T16:20&quantity=2&unit=working_day", "2026-02-24T16:20"),
        ("received=2026-02-13T16:20:59&quantity=2&unit=working_day", "2026-02-24T16:20"),
        ("received=2026-08-21T14:00&quantity=1&unit=working_day", "2026-08-22T14:00"),
        ("received=2026-08-28T10:00&quantity=1&unit=working_day", "2026-09-03T10:00"),
        ("received=2026-02-10T10:00&quantity=10&unit=calendar_day", "2026-02-23T17:00"),
        ("received=2026-03-07T09:00&quantity=3&unit=calendar_day", "2026-03-12T17:00"),
        (
            "received=2026-03-02T10:00&quantity=5&unit=calendar_day&pauses=2026-03-03T09:00/2026-03-05T10:00",
            "2026-03-09T17:00"
        ),
        ("received=2026-11-23T15:00&quantity=1&unit=same_day", "2026-11-23T17:00"),
        ("received=2026-11-23T15:01&quantity=1&unit=same_day", "2026-11-25T17:00"),
        (
            "received=2026-03-02T09:00&quantity=2&unit=working_day&pauses=2026-03-02T16:00/2026-03-05T08:00",
            "2026-03-06T11:00"
        ),
        (
            "received=2026-03-02T09:00&quantity=1&unit=same_day&pauses=2026-03-02T10:00/2026-03-03T08:00",
            "2026-03-03T15:00"
        ),
    ]) func answersTheWorkedExamples(_ query: String, _ due: String) async throws {
        try await Stage.with { stage in
            let reply = await stage.citizen.get("/api/v1/due?" + query)
            #expect(reply.status == 200 && reply.text.contains("\"due\":\"\(due):00+07:00\""), "\(reply.text)")
        }
    }

    @Test func describesItself() async throws {
        try await Stage.with { stage in
            let reply = await stage.citizen.get("/api/v1/openapi.json")
            struct Description: Decodable {
                let openapi: String
                let paths: [String: [String: Ignored]]
                struct Ignored: Decodable {}
            }
            let description = try JSONDecoder().decode(Description.self, from: Data(reply.body))
            let described = Set(
                description.paths.flatMap { path, methods in methods.keys.map { "\($0.uppercased()) \(path)" } })
            let served = Set(
                stage.portal.publicSite().routes.filter {
                    $0.pattern.description.hasPrefix("/api/v1/") && !$0.pattern.description.hasSuffix("openapi.json")
                }
                .map { "\($0.method.name) \($0.pattern.description)" })
            #expect(described == served)
        }
    }

    @Test func healthChecksOfOldProxiesAreAnswered() async throws {
        try await Stage.with { stage in
            for site in [stage.portal.publicSite(), stage.portal.deskSite()] {
                let client = TestClient(site)
                #expect((200...299).contains(await client.send(.options, "/").status))
                #expect(await client.get("/healthz").status == 200)
                #expect(await client.send(.head, "/readyz").status == 200)
            }
        }
    }
}
