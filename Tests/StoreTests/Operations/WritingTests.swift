import Dispatch
import Foundation
import Platform
import Testing

@testable import Store

/// Whether the store can write, asked while others write too.
@Suite struct WritingTests {
    private func withStore(backlog: Int, _ body: (Store) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "writing-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var options = StoreOptions()
        options.writeBacklog = backlog
        try await body(try Store(try DataFolder(path), options: options))
    }

    @Test func aWriteIsTried() async throws {
        try await withStore(backlog: 1) { store in
            let before = store.commitCount
            #expect(await store.writing() == .works)
            #expect(store.commitCount == before + 1)
        }
    }

    /// The queue is full nearly all the time: the trial is hardly ever taken, and others' writes answer for it.
    @Test func whoIsBusyWorks() async throws {
        try await withStore(backlog: 2) { store in
            let refused = await withTaskGroup(of: Int.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        var refused = 0
                        while !Task.isCancelled {
                            let written: Void? = try? await store.database.write { _ in usleep(500) }
                            if written == nil { refused += 1 }
                            await Task.yield()
                        }
                        return refused
                    }
                }
                for _ in 0..<20 { #expect(await store.writing(within: .seconds(60)) == .works) }
                group.cancelAll()
                return await group.reduce(0, +)
            }
            #expect(refused > 0, "the queue was full")
        }
    }

    /// In front of a queue with room the trial waits; in front of a full one it is not even taken.
    @Test(arguments: [1, 10]) func whatDoesNotMoveStandsUntilAnybodysWriteEnds(_ backlog: Int) async throws {
        try await withStore(backlog: backlog) { store in
            let gate = DispatchSemaphore(value: 0)
            let held = AsyncStream<Void>.makeStream()
            try await withThrowingTaskGroup { group in
                group.addTask {
                    try await store.database.write { _ in
                        held.continuation.yield()
                        gate.wait()
                    }
                }
                for await _ in held.stream { break }
                group.addTask { try await store.database.write { _ in } }
                let start = ContinuousClock.now
                while store.queueDepths[0].depth < 1, start.duration(to: .now) < .seconds(10) { await Task.yield() }
                #expect(await store.writing(within: .milliseconds(200)) == .stands)
                async let answer = store.writing(within: .seconds(60))
                gate.signal()
                #expect(await answer == .works)
                try await group.waitForAll()
            }
            #expect(await store.writing() == .works)
        }
    }
}
