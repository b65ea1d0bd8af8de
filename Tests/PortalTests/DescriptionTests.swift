import Foundation
import HTTPWire
import PublicService
import Store
import Testing
import Web

@testable import Portal

/// The description tells the truth: real answers have its shapes, and nothing that it does not name.
@Suite struct DescriptionTests {
    indirect enum Node: Decodable {
        case object([String: Node])
        case array([Node])
        case text(String)
        case number(Double)
        case bool(Bool)
        case null

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .null
            } else if let value = try? container.decode(Bool.self) {
                self = .bool(value)
            } else if let value = try? container.decode(Double.self) {
                self = .number(value)
            } else if let value = try? container.decode(String.self) {
                self = .text(value)
            } else if let value = try? container.decode([Node].self) {
                self = .array(value)
            } else {
                self = .object(try container.decode([String: Node].self))
            }
        }

        subscript(name: String) -> Node? { if case .object(let members) = self { members[name] } else { nil } }
        var string: String? { if case .text(let text) = self { text } else { nil } }
        var items: [Node] { if case .array(let items) = self { items } else { [] } }
        var names: Set<String> { if case .object(let members) = self { Set(members.keys) } else { [] } }

        var type: String {
            switch self {
            case .object: "object"
            case .array: "array"
            case .text: "string"
            case .number(let value): value == value.rounded() ? "integer" : "number"
            case .bool: "boolean"
            case .null: "null"
            }
        }
    }

    /// What of `value` is not as `schema` says; as much of JSON Schema as the description uses.
    static func faults(_ value: Node, _ schema: Node, _ root: Node, at path: String = "") -> [String] {
        if let reference = schema["$ref"]?.string {
            var target: Node? = root
            for part in reference.split(separator: "/").dropFirst() { target = target?[String(part)] }
            guard let target else { return ["\(path): \(reference) leads nowhere"] }
            return faults(value, target, root, at: path)
        }
        var found: [String] = []
        let types = schema["type"].map { $0.items.isEmpty ? [$0] : $0.items }?.compactMap(\.string) ?? []
        if !types.isEmpty, !types.contains(value.type) { found.append("\(path) is \(value.type), not \(types)") }
        if let choices = schema["enum"]?.items.compactMap(\.string), !choices.isEmpty,
            !choices.contains(value.string ?? "")
        {
            found.append("\(path) is none of \(choices)")
        }
        for name in schema["required"]?.items.compactMap(\.string) ?? [] where value[name] == nil {
            found.append("\(path) lacks \(name)")
        }
        for name in value.names {
            guard let member = value[name] else { continue }
            if let part = schema["properties"]?[name] ?? schema["additionalProperties"] {
                found += faults(member, part, root, at: path + "/" + name)
            } else if schema["properties"] != nil {
                found.append("\(path)/\(name) is not described")
            }
        }
        if let part = schema["items"] {
            for (index, item) in value.items.enumerated() { found += faults(item, part, root, at: "\(path)/\(index)") }
        }
        return found
    }

    @Test func realAnswersAreAsDescribed() async throws {
        try await Stage.with { stage in
            let root = try JSONDecoder().decode(
                Node.self, from: Data(await stage.citizen.get("/api/v1/openapi.json").body))
            func check(_ reply: TestClient.Reply, _ method: String, _ path: String) throws {
                let operation = try #require(root["paths"]?[path]?[method])
                let answer = try #require(operation["responses"]?[String(reply.status)], "\(path) \(reply.status)")
                let schema = try #require(answer["content"]?["application/json"]?["schema"])
                let value = try JSONDecoder().decode(Node.self, from: Data(reply.body))
                let found = DescriptionTests.faults(value, schema, root)
                #expect(found.isEmpty, "\(method) \(path) \(reply.status): \(found)")
            }
            let client = stage.citizen
            let partner = ["Authorization": "Bearer khoa-doi-tac"]
            let post = "/api/v1/dossiers"
            for path in [
                "/api/v1/procedures", "/api/v1/procedures?limit=0", "/api/v1/procedures?q=khai%20sinh&limit=1",
            ] {
                try check(await client.get(path), "get", "/api/v1/procedures")
            }
            try check(await client.get("/api/v1/procedures/1.001193"), "get", "/api/v1/procedures/{code}")
            try check(await client.get("/api/v1/procedures/9.999999"), "get", "/api/v1/procedures/{code}")
            for code in ["1.001193", "2.000635"] {
                let path = "/api/v1/procedures/\(code)/example"
                try check(await client.get(path), "get", "/api/v1/procedures/{code}/example")
                try check(await stage.submit(await stage.example(code), key: code), "post", post)
            }
            try check(await stage.submit(Array("{}".utf8), key: "a"), "post", post)
            try check(await stage.submit(await stage.example("2.000635"), key: "1.001193"), "post", post)
            try check(await stage.submit(await stage.example("2.000635"), key: ""), "post", post)
            try check(await stage.submit([], key: "a", partner: nil), "post", post)
            try check(await client.send(.post, post, partner, body: [32]), "post", post)
            try check(await client.get(post, partner), "get", post)
            try check(await client.get(post + "?limit=1", partner), "get", post)
            try check(await client.get(post + "?after=x", partner), "get", post)
            let receipt = try await stage.dossier("2.000635", key: "2.000635")
            let one = "\(post)/\(receipt.code)?key="
            try check(await client.get(one + receipt.lookupKey), "get", post + "/{code}")
            try check(await client.get(one + "ABCDEFGHJKMN"), "get", post + "/{code}")
            let officer = try #require(OfficerID(rawValue: "an"))
            let code = try #require(DossierCode(rawValue: receipt.code))
            let at = stage.clock.now()
            _ = try await stage.store.change(code, by: .officer(officer, .intake), at: at) { dossier, _ in
                try dossier.requestSupplement(
                    by: officer, role: .intake, items: [.init(subject: "answer:so_ban", reason: "Ghi rõ")],
                    ground: "x", answerBy: at.adding(seconds: 86_400))
            }
            let asked = await client.get(one + receipt.lookupKey)
            try check(asked, "get", post + "/{code}")
            #expect(asked.text.contains("\"reason\":\"Ghi rõ\""))
            let upload = "/api/v1/uploads"
            try check(
                await client.send(.post, upload + "?name=a.pdf", partner, body: Array("%PDF-1".utf8)), "post", upload)
            try check(await client.send(.post, upload, partner, body: [65]), "post", upload)
            try check(await client.get("/api/v1/statistics"), "get", "/api/v1/statistics")
            let due = "/api/v1/due"
            try check(
                await client.get(due + "?received=2026-02-13T16:20&quantity=2&unit=working_day"), "get", due)
            try check(await client.get(due), "get", due)
        }
    }

    @Test func programsGetTheirAnswersInJSON() async throws {
        try await Stage.with { stage in
            for (method, path, status) in [
                (Method.put, "/api/v1/dossiers", 405), (.delete, "/api/v1/dossiers/X", 405),
                (.post, "/api/v1/due", 405), (.get, "/api/v1/nothing", 404), (.get, "/api/v1/procedures/x", 404),
            ] {
                let reply = await stage.citizen.send(method, path)
                #expect(reply.status == status && reply.text.hasPrefix("{\"error\":"), "\(method) \(path)")
                #expect((reply.fields[.allow] != nil) == (status == 405), "\(method) \(path)")
            }
            for type in ["text/plain", "application/jsonx", "application/json; charset=latin1", ""] {
                let fields = ["Authorization": "Bearer khoa-doi-tac", "Idempotency-Key": "k", "Content-Type": type]
                let reply = await stage.citizen.send(.post, "/api/v1/dossiers", fields, body: Array("{}".utf8))
                #expect(reply.status == 415 && reply.text.contains("\"notJSON\""), "\(type)")
            }
            for (value, isWrong) in [("", false), ("Bearer x", true), ("Basic eDp5", true), ("khoa-doi-tac", true)] {
                let fields = value.isEmpty ? [:] : ["Authorization": value]
                let reply = await stage.citizen.get("/api/v1/dossiers", fields)
                #expect(reply.status == 401)
                let challenge = try #require(reply.fields[.wwwAuthenticate])
                #expect(challenge.hasPrefix("Bearer ") && challenge.contains("invalid_token") == isWrong)
            }
        }
    }

    /// Reading on page by page finds every dossier once, and only one's own.
    @Test func partnersReadOnPageByPage() async throws {
        try await Stage.with { stage in
            try await stage.store.addPartner(name: "khac", key: "khoa-khac")
            let body = await stage.example("1.001193")
            let foreign = await stage.submit(body, key: "0", partner: "khoa-khac")
            var codes: [String] = []
            for index in 0..<7 { codes.append(try await stage.dossier(key: String(index)).code) }
            struct Page: Decodable {
                struct Item: Decodable { let code: String }
                let items: [Item]
                let next: String?
            }
            func page(_ query: String) async throws -> Page {
                let reply = await stage.citizen.get(
                    "/api/v1/dossiers?" + query, ["Authorization": "Bearer khoa-doi-tac"])
                #expect(reply.status == 200 && reply.text.contains("\"next\":"), "\(reply.text)")
                return try JSONDecoder().decode(Page.self, from: Data(reply.body))
            }
            for limit in [1, 3, 7, 500] {
                var found: [String] = []
                var last = try await page("limit=\(limit)&after=")
                found += last.items.map(\.code)
                while let next = last.next {
                    last = try await page("limit=\(limit)&after=\(next)")
                    #expect(!last.items.isEmpty)
                    found += last.items.map(\.code)
                }
                #expect(found == codes, "\(limit)")
            }
            let theirs = try JSONDecoder().decode(Stage.Receipt.self, from: Data(foreign.body)).code
            for query in ["after=\(theirs)", "after=x", "limit=0", "limit=501", "limit=1&limit=2"] {
                let reply = await stage.citizen.get(
                    "/api/v1/dossiers?" + query, ["Authorization": "Bearer khoa-doi-tac"])
                #expect(reply.status == 422, "\(query)")
            }
        }
    }

    /// The same body many times at once: one dossier, one order of payment, one answer.
    @Test func oneKeyManyTimesAtOnceIsOneAnswer() async throws {
        try await Stage.with { stage in
            let body = await stage.example("2.000635")
            let answers = await withTaskGroup(of: TestClient.Reply.self) { group in
                for _ in 0..<20 { group.addTask { await stage.submit(body, key: "k") } }
                return await group.reduce(into: [TestClient.Reply]()) { $0.append($1) }
            }
            #expect(Set(answers.map(\.status)) == [201])
            #expect(Set(answers.map(\.text)).count == 1)
            #expect(answers[0].text.contains("\"payAt\""))
        }
    }
}
