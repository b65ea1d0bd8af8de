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

    @Test func aLoopThatHangsIsNeitherWellNorReady() async throws {
        try await Stage.with { stage in
            stage.portal.isTurning.set { false }
            #expect(await stage.citizen.get("/healthz").status == 503)
            #expect(await stage.citizen.get("/readyz").text == "a loop does not turn\n")
        }
    }
}
