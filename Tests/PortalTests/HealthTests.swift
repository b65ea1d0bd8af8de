import Dispatch
import HTTPWire
import Testing
import Web

@testable import Portal

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

    @Test func aLoopThatHangsIsNeitherWellNorReady() async throws {
        try await Stage.with { stage in
            stage.portal.isTurning.set { false }
            #expect(await stage.citizen.get("/healthz").status == 503)
            #expect(await stage.citizen.get("/readyz").text == "a loop does not turn\n")
        }
    }
}
