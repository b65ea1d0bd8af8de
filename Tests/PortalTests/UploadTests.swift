import Foundation
import HTTPWire
import Platform
import PublicService
import Testing
import Web

@testable import Portal

/// Partners' uploads over several requests.
@Suite struct UploadTests {
    private static let pdf = Array("%PDF-1.4 ".utf8) + [UInt8](repeating: 7, count: 200_000)

    private struct Partner {
        let client: TestClient
        var key = "khoa-doi-tac"

        func ask(
            _ method: HTTPWire.Method, _ path: String, _ fields: [String: String] = [:], _ body: [UInt8] = []
        ) async -> TestClient.Reply {
            await client.send(
                method, path, fields.merging(["Authorization": "Bearer " + key]) { given, _ in given }, body: body)
        }

        func begin(_ fields: [String: String] = [:], _ body: [UInt8] = []) async throws -> String {
            let reply = await ask(
                .post, "/api/v1/uploads?name=a.pdf", fields.merging(["Upload-Complete": "?0"]) { a, _ in a }, body)
            try #require(reply.status == 201, "\(reply.text)")
            return try #require(reply.fields[.location])
        }

        func patch(_ path: String, _ offset: Int, _ body: ArraySlice<UInt8>, complete: Bool) async -> TestClient.Reply {
            await ask(
                .patch, path,
                [
                    "Content-Type": "application/partial-upload", "Upload-Offset": "\(offset)",
                    "Upload-Complete": complete ? "?1" : "?0",
                ], Array(body))
        }
    }

    @Test func aPaperInPiecesIsThePaperInOne() async throws {
        try await Stage.with { stage in
            let partner = Partner(client: stage.citizen)
            let path = try await partner.begin([:], Array(Self.pdf[..<1000]))
            let state = await partner.ask(.head, path)
            #expect(state.status == 200 && state.body.isEmpty)
            #expect(state.fields[.uploadOffset] == "1000" && state.fields[.uploadComplete] == "?0")
            #expect(state.fields[.cacheControl] == "no-store")
            let piece = await partner.patch(path, 1000, Self.pdf[1000..<70_000], complete: false)
            #expect(piece.status == 204 && piece.fields[.uploadOffset] == "70000")
            let last = await partner.patch(path, 70_000, Self.pdf[70_000...], complete: true)
            #expect(last.status == 201 && last.fields[.uploadComplete] == "?1")
            let whole = await partner.ask(.post, "/api/v1/uploads?name=a.pdf", [:], Self.pdf)
            #expect(last.text == whole.text)
            #expect(last.text.contains(SHA256.hash(Self.pdf).hex))
            let end = await partner.ask(.get, path)
            #expect(end.fields[.uploadComplete] == "?1" && end.text.contains(SHA256.hash(Self.pdf).hex))
            #expect(
                end.fields[.reprDigest]
                    == "sha-256=:\(Data(SHA256.hash(Self.pdf)).base64EncodedString()):")
            #expect(await partner.ask(.delete, path).status == 204)
            #expect(await partner.ask(.head, path).status == 404)
        }
    }

    @Test func anotherPartnerHasNoPartInIt() async throws {
        try await Stage.with { stage in
            try await stage.store.addPartner(name: "khac", key: "khoa-khac")
            let partner = Partner(client: stage.citizen)
            let other = Partner(client: stage.citizen, key: "khoa-khac")
            let path = try await partner.begin()
            for reply in [
                await other.ask(.head, path), await other.ask(.delete, path),
                await other.patch(path, 0, [1], complete: false),
            ] { #expect(reply.status == 404) }
            #expect(await Partner(client: stage.citizen, key: "x").ask(.head, path).status == 401)
            #expect(await partner.ask(.head, path).status == 200)
        }
    }

    @Test func refusalsAreProblems() async throws {
        try await Stage.with { stage in
            let partner = Partner(client: stage.citizen)
            let path = try await partner.begin(["Upload-Length": "9"])
            let reply = await partner.patch(path, 3, Self.pdf[..<3], complete: false)
            #expect(reply.status == 409 && reply.fields[.uploadOffset] == "0")
            #expect(reply.fields[.contentType]?.hasPrefix("application/problem+json") == true)
            struct Problem: Decodable {
                let type, title: String
                let status: Int
            }
            let problem = try JSONDecoder().decode(Problem.self, from: Data(reply.body))
            #expect(problem.type.hasSuffix("#mismatching-upload-offset") && problem.status == 409)
            #expect(!problem.title.hasPrefix("api."), "there is a sentence for it")
            let plain = ["Content-Type": "application/pdf", "Upload-Offset": "0", "Upload-Complete": "?1"]
            let type = await partner.ask(.patch, path, plain, [1])
            #expect(type.status == 415 && type.fields[.acceptPatch] == "application/partial-upload")
            let large = await partner.ask(
                .post, "/api/v1/uploads?name=a.pdf", ["Upload-Complete": "?0", "Upload-Length": "10485761"])
            #expect(large.status == 413 && large.fields[.uploadLimit]?.contains("max-size=10485760") == true)
            let whole = await partner.ask(
                .post, "/api/v1/uploads?name=a.pdf", ["Upload-Complete": "?1", "Upload-Length": "5"], [1, 2])
            #expect(whole.status == 400 && whole.text.contains("inconsistent-upload-length"))
            #expect(await partner.ask(.post, "/api/v1/uploads", ["Upload-Complete": "?0"]).status == 422)
            #expect(await partner.patch(path, 0, Array("MZ and so".utf8)[...], complete: true).status == 422)
            #expect(await partner.ask(.head, path).status == 404, "what is no paper is forgotten")
        }
    }

    /// Both ways to send a whole paper: the digest that was told is that of what came, or nothing is kept.
    @Test(arguments: [[:], ["Upload-Complete": "?1"]]) func aWholePaperIsWhatItsDigestSays(
        _ fields: [String: String]
    ) async throws {
        try await Stage.with { stage in
            let partner = Partner(client: stage.citizen)
            func send(_ bytes: [UInt8], digestOf whole: [UInt8]) async -> TestClient.Reply {
                let digest = "sha-256=:\(Data(SHA256.hash(whole)).base64EncodedString()):"
                return await partner.ask(
                    .post, "/api/v1/uploads?name=a.pdf", fields.merging(["Repr-Digest": digest]) { a, _ in a }, bytes)
            }
            let wrong = await send(Self.pdf, digestOf: Self.pdf + [1])
            #expect(wrong.status == 422 && wrong.fields[.uploadComplete] == "?1")
            #expect(wrong.fields[.contentType]?.hasPrefix("application/problem+json") == true)
            let digest = try #require(ContentDigest(rawValue: SHA256.hash(Self.pdf).hex))
            #expect(try await stage.store.upload(digest, scope: "partner:doi-tac") == nil)
            for folder in [stage.store.folder.attachments, stage.store.folder.spool] {
                #expect(try FileManager.default.subpathsOfDirectory(atPath: folder).isEmpty)
            }
            #expect(await send(Self.pdf, digestOf: Self.pdf).status == 201)
            #expect(await send(Self.pdf, digestOf: [1]).status == 422)
            #expect(try await stage.store.upload(digest, scope: "partner:doi-tac") != nil, "what was there stays")
        }
    }

    @Test func everyRefusalHasASentence() async throws {
        try await Stage.with { stage in
            let all: [ResumableRefusal] = [
                .missingField(.uploadOffset), .notPartialUpload, .mismatchingOffset(expected: 1, provided: 2),
                .inconsistentLength, .completed, .tooLarge, .unknown, .superseded, .wrongDigest, .tooManyUnfinished,
            ]
            for refusal in all {
                let reply = try stage.portal.problem(refusal)
                #expect(reply.status == refusal.status)
                guard case .bytes(let bytes) = reply.body else {
                    Issue.record("no content")
                    return
                }
                #expect(!String(decoding: bytes, as: UTF8.self).contains("api.upload"), "\(refusal.name)")
            }
        }
    }

    @Test func timeForgetsUploads() async throws {
        try await Stage.with { stage in
            let partner = Partner(client: stage.citizen)
            let path = try await partner.begin()
            #expect(await partner.ask(.head, path).fields[.uploadLimit] == "max-size=10485760, max-age=259200")
            stage.clock.move(to: "2026-11-28T08:59")
            #expect(await partner.ask(.head, path).fields[.uploadLimit] == "max-size=10485760, max-age=60")
            stage.clock.move(to: "2026-11-28T09:00")
            #expect(await partner.ask(.head, path).status == 404)
        }
    }

    @Test func saysWhatItTakes() async throws {
        try await Stage.with { stage in
            let reply = await stage.citizen.send(.options, "/api/v1/uploads")
            #expect(reply.status == 204 && reply.fields[.acceptPatch] == "application/partial-upload")
            #expect(reply.fields[.uploadLimit]?.hasPrefix("max-size=10485760") == true)
        }
    }
}
