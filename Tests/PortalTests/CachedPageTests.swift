import HTTPWire
import PublicService
import Testing
import Web

@testable import Portal

/// Pages that are kept in memory follow what they show.
@Suite struct CachedPageTests {
    /// The home page in every form that it is asked for.
    private struct Forms {
        let plain: TestClient.Reply
        let gzip: TestClient.Reply
        let brotli: TestClient.Reply

        var etag: String? { plain.fields[.etag] }
    }

    private func forms(_ stage: Stage) async throws -> Forms {
        let plain = await stage.citizen.get("/")
        let gzip = await stage.citizen.get("/", ["Accept-Encoding": "gzip"])
        var brotli = await stage.citizen.get("/", ["Accept-Encoding": "br"])
        // It is made beside the answers; until then the page goes out as it is.
        let start = ContinuousClock.now
        while brotli.fields[.contentEncoding] == nil, start.duration(to: .now) < .seconds(10) {
            await Task.yield()
            brotli = await stage.citizen.get("/", ["Accept-Encoding": "br"])
        }
        return Forms(plain: plain, gzip: gzip, brotli: brotli)
    }

    private func areOnePage(_ forms: Forms, showing line: String) {
        #expect(forms.plain.status == 200 && forms.plain.text.contains(line))
        #expect(forms.gzip.fields[.contentEncoding] == "gzip")
        #expect(forms.gzip.body == Gzip.compress(forms.plain.body, level: 6))
        #expect(forms.brotli.body == Brotli.compress(forms.plain.body, quality: 5))
        #expect(forms.etag != nil && forms.gzip.fields[.etag] == forms.etag && forms.brotli.fields[.etag] == forms.etag)
    }

    private func isReplaced(_ old: Forms, by new: Forms, _ stage: Stage) async throws {
        #expect(old.plain.body != new.plain.body && old.gzip.body != new.gzip.body)
        #expect(old.brotli.body != new.brotli.body && old.etag != new.etag)
        let tags = (old: try #require(old.etag), new: try #require(new.etag))
        #expect(await stage.citizen.get("/", ["If-None-Match": tags.old]).status == 200)
        #expect(await stage.citizen.get("/", ["If-None-Match": tags.new]).status == 304)
    }

    /// What is open to everyone and the same for everyone is made once: the second request gets the kept forms.
    @Test(arguments: [
        "/", "/thu-tuc", "/minh-bach", "/lien-he", "/api/v1/procedures", "/api/v1/procedures/1.001193",
        "/api/v1/procedures/1.001193/example", "/api/v1/statistics", "/api/v1/openapi.json",
    ]) func publicAnswersAreKept(_ path: String) async throws {
        try await Stage.with { stage in
            let first = await stage.citizen.get(path)
            #expect(first.status == 200 && stage.portal.cache.count == 1)
            let etag = try #require(first.fields[.etag])
            #expect(first.fields[.cacheControl] == "public, no-cache" && first.fields[.vary] == "Accept-Encoding")
            let second = await stage.citizen.get(path, ["Accept-Encoding": "gzip"])
            #expect(second.fields[.etag] == etag && stage.portal.cache.count == 1)
            // The figures of no month are too short for it. What is compressed at each request costs less effort.
            let isPacked = path != "/api/v1/statistics"
            #expect(second.fields[.contentEncoding] == (isPacked ? "gzip" : nil))
            #expect(second.body == (isPacked ? Gzip.compress(first.body, level: 6) : first.body))
            #expect(second.fields[.contentType] == first.fields[.contentType])
            #expect(await stage.citizen.get(path, ["If-None-Match": etag]).status == 304)
        }
    }

    @Test func searchesAreNotKept() async throws {
        try await Stage.with { stage in
            for path in [
                "/thu-tuc?tu-khoa=khai+sinh", "/api/v1/procedures?q=khai%20sinh", "/api/v1/procedures?limit=1",
            ] {
                #expect(await stage.citizen.get(path).status == 200)
            }
            #expect(stage.portal.cache.count == 0)
            #expect(await stage.citizen.get("/thu-tuc?tu-khoa=zzzz").text != stage.citizen.get("/thu-tuc").text)
        }
    }

    /// Figures are those of the moment that the page names, and change with the dossiers.
    @Test func theFiguresFollowTheDossiers() async throws {
        try await Stage.with { stage in
            let pages = ["/minh-bach", "/api/v1/statistics"]
            func read() async -> [String] {
                var texts: [String] = []
                for page in pages { texts.append(await stage.citizen.get(page).text) }
                return texts
            }
            let empty = await read()
            #expect(empty[0].contains("đến 09:00"), "\(empty[0])")
            stage.clock.move(to: "2026-11-25T09:07")
            #expect(await read() == empty, "nothing has changed since")
            _ = try await stage.dossier()
            let received = await read()
            #expect(received[0].contains("đến 09:07") && received[0].contains("class=\"number\">1</td>"))
            #expect(received[1].contains("\"received\":1"))
            stage.clock.move(to: "2026-11-26T08:00")
            #expect(await read()[0].contains("đến 08:00"), "a new day, a new page")
        }
    }

    @Test func aChangeReplacesTheKeptPageInEveryForm() async throws {
        try await Stage.with { stage in
            let empty = try await forms(stage)
            #expect(await stage.citizen.get("/").body == empty.plain.body)
            let code = try await stage.dossier().code
            let received = try await forms(stage)
            areOnePage(received, showing: "nhận 1 hồ sơ.")
            try await isReplaced(empty, by: received, stage)
            let team = try await DeskTests.Team(stage)
            try await team.act(.accept, .intake, code)
            try await team.act(.handOver, .intake, code, [("nguoi_nhan", "binh")])
            try await team.act(
                .proposeResult, .professional, code, [("ten_ket_qua", "Giấy khai sinh")], file: DeskTests.pdf)
            try await team.act(.signResult, .leader, code)
            #expect(await stage.citizen.get("/").body == received.plain.body, "these steps are not shown there")
            try await team.act(.issueResult, .clerk, code, [("so", "15/2026/KS")])
            let finished = try await forms(stage)
            areOnePage(finished, showing: "có kết quả 1 hồ sơ")
            try await isReplaced(received, by: finished, stage)
        }
    }
}
