import Dispatch
import HTTPWire
import Platform
import Synchronization
import Testing
import Web

@testable import Portal
@testable import Store

@Suite struct HealthTests {
    @Test func aClockBehindTheRecordsIsNotReady() async throws {
        try await Stage.with { stage in
            _ = try await stage.dossier()
            #expect(await stage.citizen.get("/readyz").text == "ready\n")
            stage.clock.move(to: "2026-11-24T09:00")
            // The last finding is good for a second of real time.
            try await Task.sleep(for: .milliseconds(1100))
            let reply = await stage.citizen.get("/readyz")
            #expect(reply.status == 503 && reply.text == "the clock is behind the records\n")
            stage.clock.move(to: "2020-01-01T09:00")
            try await Task.sleep(for: .milliseconds(1100))
            #expect(await stage.citizen.get("/readyz").text == "the clock is off\n")
        }
    }

    @Test func healthIsToldWhileAWorkQueueIsFull() async throws {
        try await Stage.with { stage in
            let gate = DispatchSemaphore(value: 0)
            try await withThrowingTaskGroup { group in
                for _ in 0..<32 { group.addTask { try await stage.portal.passwords.run { gate.wait() } } }
                while stage.portal.passwords.depth < 32 { await Task.yield() }
                let page = await stage.desk.get("/can-bo/dang-nhap")
                let refused = await stage.desk.post(
                    "/can-bo/dang-nhap",
                    [("csrf", page.csrfToken ?? ""), ("ten-dang-nhap", "an"), ("mat-khau", "mat-khau-an")])
                #expect(refused.status == 503 && refused.fields[.retryAfter] == "5")
                for site in [stage.citizen, stage.desk] {
                    #expect(await site.get("/healthz").text == "ok\n")
                    #expect(await site.get("/readyz").text == "ready\n")
                }
                for _ in 0..<32 { gate.signal() }
                try await group.waitForAll()
            }
            _ = try await stage.signIn("an")
        }
    }

    /// Holds the writer's queue and fills what may wait behind it; `body` gets what lets it go.
    private func withFullWriter(_ stage: Stage, _ body: (DispatchSemaphore) async throws -> Void) async throws {
        let gate = DispatchSemaphore(value: 0)
        let held = AsyncStream<Void>.makeStream()
        let database = stage.store.database
        try await withThrowingTaskGroup { group in
            group.addTask {
                try await database.write { _ in
                    held.continuation.yield()
                    gate.wait()
                }
            }
            for await _ in held.stream { break }
            for _ in 0..<StoreOptions().writeBacklog { group.addTask { try await database.write { _ in } } }
            let start = ContinuousClock.now
            while database.queueDepths[0].depth < StoreOptions().writeBacklog, start.duration(to: .now) < .seconds(10) {
                await Task.yield()
            }
            await #expect(throws: Overloaded.self) { try await database.write { _ in } }
            try await body(gate)
            try await group.waitForAll()
        }
    }

    @Test func aStoreThatIsBusyIsReady() async throws {
        try await Stage.with { stage in
            try await withFullWriter(stage) { gate in
                async let reply = stage.citizen.get("/readyz")
                // Asked while the queue is full: nothing is said before something is known.
                let early = await stage.desk.get("/healthz")
                #expect(early.text == "ok\n")
                gate.signal()
                #expect(await reply.text == "ready\n")
            }
        }
    }

    @Test func aStoreWhoseWritesDoNotEndIsNotReady() async throws {
        try await Stage.with { stage in
            try await withFullWriter(stage) { gate in
                let reply = await stage.citizen.get("/readyz")
                #expect(reply.status == 503 && reply.text == "the store does not get on with its writes\n")
                gate.signal()
            }
            // The last finding is good for a second of real time.
            try await Task.sleep(for: .milliseconds(1100))
            #expect(await stage.citizen.get("/readyz").text == "ready\n")
        }
    }

    private final class Count: Sendable {
        let value = Atomic<Int>(0)
    }

    /// Also while the finding is being made.
    @Test func aFloodOfQuestionsIsOneWrite() async throws {
        let readiness = Readiness()
        let count = Count()
        let gate = AsyncStream<Void>.makeStream()
        let answers = await withTaskGroup { group in
            for _ in 0..<50 {
                group.addTask {
                    await readiness.defect {
                        count.value.add(1, ordering: .relaxed)
                        for await _ in gate.stream {}
                        return "defect"
                    }
                }
            }
            gate.continuation.finish()
            return await group.reduce(into: [String?]()) { $0.append($1) }
        }
        #expect(answers == [String?](repeating: "defect", count: 50))
        // One, unless this machine needs more than a second to ask fifty times.
        #expect(count.value.load(ordering: .relaxed) < 5)
    }

    @Test func aLoopThatHangsIsNeitherWellNorReady() async throws {
        try await Stage.with { stage in
            stage.portal.isTurning.set { false }
            #expect(await stage.citizen.get("/healthz").status == 503)
            #expect(await stage.citizen.get("/readyz").text == "a loop does not turn\n")
        }
    }
}
