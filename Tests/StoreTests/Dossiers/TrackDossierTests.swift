import Foundation
import PublicService
import Testing

@testable import Store

@Suite struct TrackDossierTests {
    /// Submits with the key that the store makes for the dossier.
    private func submit(_ store: Store, key: String) async throws -> Dossier {
        let id = Store.newID(at: Sample.at)
        let digest = Store.digest(of: store.lookupKey(of: id))
        let outcome = try await store.submit(
            id: id, scope: "test", key: key, requestDigest: "d", agency: try #require(Sample.agency), by: .citizen,
            at: Sample.at
        ) { code in
            var record = try Sample.record(code)
            record.submission.lookupKeyDigest = digest
            return record
        }
        guard case .created(let dossier) = outcome else { throw StoreError.notFound }
        return dossier
    }

    @Test func onlyTheRightKeyOpensADossier() async throws {
        try await withStore { store, _ in
            let (first, second) = (try await submit(store, key: "1"), try await submit(store, key: "2"))
            #expect(try await store.track(first.code, key: store.lookupKey(of: first.id)) == first)
            #expect(try await store.track(first.code, key: store.lookupKey(of: second.id)) == nil)
            let unknown = try #require(DossierCode(rawValue: "H56.31.12-261125-9999"))
            #expect(try await store.track(unknown, key: store.lookupKey(of: first.id)) == nil)
        }
    }

    @Test func tellsAllEventsInTheOrderInWhichTheyCame() async throws {
        try await withStore { store, _ in
            for number in 0..<5 { _ = try await Sample.submit(store, key: "\(number)") }
            let all = try await store.events(after: 0, limit: 1_000)
            #expect(all.map(\.position) == [1, 2, 3, 4, 5])
            #expect(Set(all.map(\.link)).count == 5)
            #expect(try await store.events(after: 3, limit: 1).map(\.position) == [4])
            #expect(try await store.events(of: all[0].recorded.dossier) == [all[0].recorded])
        }
    }

    @Test func aRefusedMakerUsesUpNoCodeAndNoKey() async throws {
        try await withStore { store, _ in
            struct No: Error {}
            let agency = try #require(Sample.agency)
            await #expect(throws: No.self) {
                try await store.submit(
                    id: Store.newID(at: Sample.at), scope: "test", key: "k", requestDigest: "d", agency: agency,
                    by: .citizen, at: Sample.at
                ) { _ in throw No() }
            }
            guard case .created(let dossier) = try await Sample.submit(store, key: "k") else {
                Issue.record("the key was free")
                return
            }
            #expect(dossier.code.rawValue == "H56.31.12-261125-0001")
        }
    }

    @Test func oneKeyManyTimesAtOnceIsOneDossier() async throws {
        try await withStore { store, _ in
            let outcomes = try await withThrowingTaskGroup(of: SubmitOutcome.self) { group in
                for _ in 0..<64 { group.addTask { try await Sample.submit(store, key: "same") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let created = outcomes.filter { if case .created = $0 { true } else { false } }
            #expect(created.count == 1)
            #expect(!outcomes.contains(.conflict))
            let agency = try #require(Sample.agency)
            #expect(try await store.count(agency: agency, QueueFilter()) == 1)
        }
    }

    /// Neighbours in one commit stand for themselves: half of them refuse, the others are kept, codes have no gap.
    @Test func aRefusalUndoesNothingOfItsNeighbours() async throws {
        try await withStore { store, folder in
            struct No: Error {}
            let agency = try #require(Sample.agency)
            let codes = await withTaskGroup(of: String?.self) { group in
                for number in 0..<64 {
                    group.addTask {
                        let outcome = try? await store.submit(
                            id: Store.newID(at: Sample.at), scope: "test", key: "\(number)", requestDigest: "d",
                            agency: agency, by: .citizen, at: Sample.at
                        ) { code in
                            if number.isMultiple(of: 2) { throw No() }
                            return try Sample.record(code)
                        }
                        if case .created(let dossier) = outcome { return dossier.code.rawValue }
                        return nil
                    }
                }
                return await group.reduce(into: [String]()) { found, code in if let code { found.append(code) } }
            }
            #expect(codes.count == 32)
            #expect(codes.max() == "H56.31.12-261125-0032")
            #expect(try StoreOperations.verify(folder) { _ in }.findings == [])
        }
    }

    @Test func eachDayAndAgencyCountsForItself() async throws {
        try await withStore { store, _ in
            var codes: [String] = []
            // 23:30 and 00:30 in Vietnam: one UTC day, two dossier days.
            for (key, time) in [("a", "2026-11-25T23:30"), ("b", "2026-11-26T00:30"), ("c", "2026-11-26T09:00")] {
                let at = try #require(LocalMinute(time)).instant
                let outcome = try await store.submit(
                    id: Store.newID(at: at), scope: "test", key: key, requestDigest: "d",
                    agency: try #require(Sample.agency), by: .citizen, at: at, make: { try Sample.record($0) })
                if case .created(let dossier) = outcome { codes.append(dossier.code.rawValue) }
            }
            #expect(codes == ["H56.31.12-261125-0001", "H56.31.12-261126-0001", "H56.31.12-261126-0002"])
        }
    }

    @Test func aPartnerWhoReadsOnMissesNothingThatWasKeptLate() async throws {
        try await withStore { store, _ in
            let agency = try #require(Sample.agency)
            var last: String?
            var seen: [String] = []
            // The second was handed in before the first, but kept after it.
            for (key, seconds) in [("late", 5), ("early", 0), ("third", 9)] {
                let at = Sample.at.adding(seconds: Int64(seconds))
                _ = try await store.submit(
                    id: Store.newID(at: at), scope: "partner", key: key, requestDigest: "d", agency: agency,
                    by: .partner("P"), at: at, make: { try Sample.record($0) })
                let page = try await store.submissions(scope: "partner", after: last, limit: 10)
                seen += page.map(\.key)
                last = page.last?.dossier.code.rawValue ?? last
            }
            #expect(seen == ["late", "early", "third"])
            #expect(
                try await store.submissions(scope: "partner", after: nil, limit: 2).map(\.key) == ["late", "early"])
            #expect(try await store.submissions(scope: "other", after: nil, limit: 10).isEmpty)
        }
    }
}
