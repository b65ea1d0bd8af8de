import HTTPWire
import Platform
import Synchronization
import Testing

@testable import Web

@Suite struct BodyBudgetTests {
    private struct Broken: Error {}

    /// A body that comes in pieces of `size` bytes; `between` is asked before each.
    private func body(_ count: Int, of size: Int, between: @escaping @Sendable () -> Void = {}) -> RequestBody {
        let left = Mutex(count)
        return RequestBody { () async throws(BodyError) -> [UInt8]? in
            between()
            return left.withLock { left in
                guard left > 0 else { return nil }
                left -= 1
                return [UInt8](repeating: 7, count: size)
            }
        }
    }

    @Test func bytesAreTakenAsTheyComeAndGivenBackAtTheEnd() async throws {
        let budget = BodyBudget(byteLimit: 1000, freeByteCount: 100)
        let seen = Mutex<[Int]>([])
        let body = body(4, of: 90) { seen.withLock { $0.append(budget.takenByteCount) } }
        let count = try await budget.withShare(weight: 2) { share in
            let bytes = try await share.collect(body, upTo: 360)
            #expect(budget.takenByteCount == 520, "the handler still holds it")
            return bytes.count
        }
        #expect(count == 360)
        #expect(seen.withLock { $0 } == [0, 0, 160, 340, 520])
        #expect(budget.takenByteCount == 0)
    }

    @Test func whatIsTooMuchIsRefusedAndNothingOfItStaysTaken() async throws {
        let budget = BodyBudget(byteLimit: 500, freeByteCount: 100)
        try await budget.withShare { first in
            _ = try await first.collect(body(5, of: 100), upTo: 500)
            #expect(budget.takenByteCount == 400)
            await #expect(throws: Overloaded.self) {
                try await budget.withShare { _ = try await $0.collect(body(3, of: 100), upTo: 500) }
            }
            #expect(budget.takenByteCount == 400)
            try await budget.withShare { second in
                #expect(try await second.collect(body(2, of: 100), upTo: 500).count == 200)
                let small = try await budget.withShare { try await $0.collect(body(1, of: 100), upTo: 500) }
                #expect(small.count == 100, "small ones are free")
            }
        }
        #expect(budget.takenByteCount == 0)
        let whole = try await budget.withShare { try await $0.collect(body(6, of: 100), upTo: 600) }
        #expect(whole.count == 600)
    }

    @Test func aBodyThatBreaksOrIsTooLongGivesBackWhatItTook() async throws {
        let budget = BodyBudget(byteLimit: 1000, freeByteCount: 0)
        await #expect(throws: BodyError.tooLarge(limit: 150)) {
            try await budget.withShare { _ = try await $0.collect(body(2, of: 100), upTo: 150) }
        }
        #expect(budget.takenByteCount == 0)
        await #expect(throws: Broken.self) {
            try await budget.withShare { share in
                _ = try await share.collect(body(2, of: 100), upTo: 200)
                throw Broken()
            }
        }
        #expect(budget.takenByteCount == 0)
    }

    /// Both kinds of form are counted, for as long as their handler runs, and refused before it does.
    @Test(arguments: [false, true]) func formsAreCounted(_ isMultipart: Bool) async throws {
        let budget = BodyBudget(byteLimit: 2500, freeByteCount: 100)
        var routes = Routes()
        routes.get("/token") { .text("name=\"csrf\" value=\"\($0.csrfToken())\"") }
        routes.post("/form") { _, form in .text("\(form["a"]?.utf8.count ?? 0) \(budget.takenByteCount > 1500)") }
        let site = TestClient(Router(routes, middleware: [], bodies: budget, errors: ErrorPages(log: { _ in })))
        let token = ("csrf", try #require(await site.get("/token").csrfToken))
        func send(_ count: Int) async -> TestClient.Reply {
            let form = [token, ("a", String(repeating: "x", count: count))]
            return isMultipart ? await site.post("/form", form, files: []) : await site.post("/form", form)
        }
        #expect(await send(2000).text == "2000 true")
        let refused = await send(4000)
        #expect(refused.status == 503 && refused.fields[.retryAfter] == "5")
        #expect(budget.takenByteCount == 0)
        #expect(await send(2000).status == 200)
    }
}
