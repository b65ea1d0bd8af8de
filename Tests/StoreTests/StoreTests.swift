import Foundation
import Platform
import PublicService
import Testing

@testable import Store

/// A store in a folder of its own, removed when the body returns.
func withStore(
    _ options: StoreOptions = StoreOptions(), _ body: (Store, DataFolder) async throws -> Void
) async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "store-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let folder = try DataFolder(path)
    try await body(try Store(folder, options: options), folder)
}

enum Sample {
    static let at = LocalMinute("2026-11-25T09:00")?.instant ?? Instant(seconds: 0)
    static let agency = AgencyCode(rawValue: "H56.31.12")

    static func record(_ code: DossierCode, attachments: [PublicService.Attachment] = [], name: String = "Lê Thị Ánh")
        throws
        -> SubmissionRecord
    {
        let agency = try #require(agency)
        return SubmissionRecord(
            code: code,
            submission: Submission(
                procedure: try #require(ProcedureCode(rawValue: "2.000635")), revision: "2026-11-23",
                agencies: Agencies(helpedAt: agency, receivedAt: agency, decidedBy: agency), channel: .selfService,
                applicant: Applicant(name: name, personalID: nil, phone: "0912345678"), answers: [:],
                attachments: attachments, delivery: DeliveryChoice(way: .desk),
                fees: [FeeLine(name: "Phí", unitAmount: Money(dong: 8000), quantity: 1, basis: nil)],
                lookupKeyDigest: "0"),
            intakeDueAt: at.adding(seconds: 28_800))
    }

    static func submit(_ store: Store, key: String, digest: String = "d", attachments: [PublicService.Attachment] = [])
        async throws
        -> SubmitOutcome
    {
        try await store.submit(
            id: Store.newID(at: at), scope: "test", key: key, requestDigest: digest, agency: try #require(agency),
            by: .citizen,
            at: at
        ) { try Sample.record($0, attachments: attachments) }
    }
}

@Suite struct StoreTests {
    @Test func theLogIsCopiedBesideTheWriterAndBeginsAnew() async throws {
        var options = StoreOptions()
        options.logPages = 25
        try await withStore(options) { store, folder in
            // Some eight pages a commit: without copying, the log would have more than a thousand.
            for number in 0..<200 { _ = try await Sample.submit(store, key: "k\(number)") }
            #expect(FileSystem.byteCount(folder.database + "-wal") < 250 * 4_120)
            #expect(FileSystem.byteCount(folder.database) > 300 * 1_024)
            #expect(try StoreOperations.verify(folder) { _ in }.findings == [])
        }
    }

    @Test func givesGaplessCodesToManyAtOnce() async throws {
        try await withStore { store, _ in
            let codes = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        guard case .created(let dossier) = try await Sample.submit(store, key: "k\(number)") else {
                            return ""
                        }
                        return dossier.code.rawValue
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(
                Set(codes)
                    == Set(
                        (1...100).map {
                            "H56.31.12-261125-" + String(repeating: "0", count: 4 - "\($0)".count) + "\($0)"
                        }))
            #expect(store.commitCount < 100, "writes that wait together share a commit")
        }
    }

    @Test(arguments: ["Lê Thị Ánh", "Another"])
    func whatIsEncodedAheadIsKeptOnlyWhereItIsWhatIsRecorded(_ name: String) async throws {
        try await withStore { store, folder in
            let agency = try #require(Sample.agency)
            let code = try #require(DossierCode(rawValue: "\(agency)-261125-0001"))
            let ahead = try Sample.record(code, name: name).submission
            let outcome = try await store.submit(
                ahead, id: Store.newID(at: Sample.at), scope: "test", key: "k", requestDigest: "d", agency: agency,
                by: .citizen, at: Sample.at
            ) { try Sample.record($0) }
            guard case .created(let dossier) = outcome else {
                Issue.record("not created")
                return
            }
            let events = try await store.events(of: dossier.id)
            #expect(events.map(\.event) == [.submitted(try Sample.record(dossier.code))])
            // Folds each event and encodes it anew.
            #expect(try StoreOperations.verify(folder) { _ in }.findings == [])
        }
    }

    @Test func theSameKeyFindsTheSameDossier() async throws {
        try await withStore { store, _ in
            guard case .created(let first) = try await Sample.submit(store, key: "k") else {
                Issue.record("not created")
                return
            }
            #expect(try await Sample.submit(store, key: "k") == .already(first))
            #expect(try await Sample.submit(store, key: "k", digest: "other") == .conflict)
            #expect(try await store.dossier(scope: "test", key: "k") == first)
            #expect(store.lookupKey(of: first.id) == store.lookupKey(of: first.id))
            #expect(try await store.submissions(scope: "test", after: nil, limit: 10).map(\.key) == ["k"])
        }
    }

    @Test func oneOfTwoOfficersWins() async throws {
        try await withStore { store, _ in
            guard case .created(let dossier) = try await Sample.submit(store, key: "k") else { return }
            let officer = try #require(OfficerID(rawValue: "an"))
            let actor = Actor.officer(officer, .intake)
            let decide: @Sendable (Dossier, Counters) throws -> [DossierEvent] = { dossier, _ in
                try dossier.requestSupplement(
                    by: officer, role: .intake, items: [SupplementItem(subject: "a", reason: "b")], ground: "c",
                    answerBy: Sample.at)
            }
            let changed = try await store.change(dossier.code, expecting: 1, by: actor, at: Sample.at, decide: decide)
            #expect(changed.version == 2)
            await #expect(throws: StoreError.versionConflict(current: 2)) {
                try await store.change(dossier.code, expecting: 1, by: actor, at: Sample.at, decide: decide)
            }
            await #expect(throws: DossierRefusal(.conflict, "notInThisState")) {
                try await store.change(dossier.code, expecting: 2, by: actor, at: Sample.at, decide: decide)
            }
            #expect(try await store.events(of: dossier.id).count == 2)
        }
    }

    @Test func settlesAnOrderOnceUnderConcurrency() async throws {
        try await withStore { store, _ in
            guard case .created(let dossier) = try await Sample.submit(store, key: "k") else { return }
            _ = try await store.change(dossier.code, by: .citizen, at: Sample.at) { dossier, _ in
                try dossier.requestPayment(attempt: 1, at: Sample.at, expiresAt: Sample.at)
            }
            let reference = "\(dossier.code).1"
            let applied = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        try await store.settle(reference: reference, at: Sample.at) { found in
                            guard let found else { return (false, []) }
                            let settlement = PaymentSettlement(
                                reference: reference, outcome: .paid, amount: found.order.amount, transaction: "1",
                                codes: "00")
                            let events = found.dossier.settlePayment(
                                settlement, isRepeated: found.order.outcome == .paid)
                            return (!events.isEmpty, events)
                        }
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(applied == 1)
            #expect(try await store.order(reference)?.order.outcome == .paid)
            #expect(try await store.settle(reference: "nothing", at: Sample.at) { ($0 == nil, []) })
        }
    }

    @Test func keepsPapersOnceAndKnowsTheirType() async throws {
        try await withStore { store, _ in
            let pdf = Array("%PDF-1.4 a".utf8)
            let first = try await store.attachments.store(pdf, name: "a.pdf")
            let second = try await store.attachments.store(pdf, name: "b.PDF")
            #expect(first == second)
            #expect(try await store.attachments.open(first.digest)?.size == Int64(pdf.count))
            await #expect(throws: UploadRefusal.nameDisagrees) { try await store.attachments.store(pdf, name: "a.jpg") }
            await #expect(throws: UploadRefusal.unknownType) {
                try await store.attachments.store(Array("MZ".utf8), name: "a.pdf")
            }
            await #expect(throws: UploadRefusal.empty) { try await store.attachments.store([], name: "a.pdf") }
            #expect(try FileManager.default.contentsOfDirectory(atPath: store.folder.spool).isEmpty)
        }
    }

    @Test func ordersTheQueueByDeadlineAndFindsPeople() async throws {
        try await withStore { store, _ in
            for number in 0..<3 { _ = try await Sample.submit(store, key: "k\(number)") }
            var filter = QueueFilter()
            filter.states = [.awaitingIntake]
            #expect(try await store.queue(agency: try #require(Sample.agency), filter).count == 3)
            filter.text = "le thi anh"
            #expect(try await store.count(agency: try #require(Sample.agency), filter) == 3)
            filter.text = "%"
            #expect(try await store.count(agency: try #require(Sample.agency), filter) == 3, "folded to nothing")
            filter.text = "nguyen"
            #expect(try await store.count(agency: try #require(Sample.agency), filter) == 0)
            #expect(try await store.months(agency: try #require(Sample.agency)).first?.received == 3)
        }
    }

    @Test func draftsSurviveAndExpire() async throws {
        try await withStore { store, _ in
            let token = DraftToken()
            let draft = Draft(
                dossier: Store.newID(at: Sample.at), procedure: try #require(ProcedureCode(rawValue: "2.000635")),
                revision: "2026-11-23", isForPrint: false, at: Sample.at)
            try await store.add(draft, token)
            let changed = try await store.change(token, at: Sample.at) { $0.typed["a"] = "b" }
            #expect(changed.version == 2)
            #expect(try await store.draft(token, at: Sample.at)?.typed == ["a": "b"])
            #expect(try await store.draft(token, at: Sample.at.adding(seconds: 31 * 86_400)) == nil)
            #expect(try await store.draft(DraftToken(), at: Sample.at) == nil)
            #expect(DraftToken("../../etc/passwd") == nil)
        }
    }

    @Test func refusesASecondProgram() async throws {
        try await withStore { _, folder in
            #expect(throws: DataFolderError.self) { try DataFolder(folder.path) }
        }
    }

    @Test func verifiesBacksUpRestoresAndFindsTampering() async throws {
        try await withStore { store, folder in
            let file = try await store.attachments.store(Array("%PDF-1.4 x".utf8), name: "a.pdf")
            let attachment = PublicService.Attachment(
                paper: "p", name: "a.pdf", contentType: file.contentType, byteCount: file.byteCount, digest: file.digest
            )
            for number in 0..<5 { _ = try await Sample.submit(store, key: "k\(number)", attachments: [attachment]) }
            let report = try StoreOperations.verify(folder) { _ in }
            #expect(report.findings.isEmpty)
            #expect(report.dossiers == 5)
            #expect(report.attachments == 1)
            let archive = folder.path + ".tar"
            defer { try? FileManager.default.removeItem(atPath: archive) }
            async let writing = Sample.submit(store, key: "while")
            try StoreOperations.backup(dataPath: folder.path, to: archive) { _ in }
            _ = try await writing
            #expect(throws: BackupError.self) {
                try StoreOperations.backup(dataPath: folder.path, to: archive) { _ in }
            }
            let target = folder.path + ".restored"
            defer { try? FileManager.default.removeItem(atPath: target) }
            let restored = try StoreOperations.restore(from: archive, dataPath: target) { _ in }
            #expect(restored.dossiers >= 5)
            #expect(throws: BackupError.self) { try StoreOperations.restore(from: archive, dataPath: target) { _ in } }
            let other = try DataFolder(target)
            try Data("%PDF-1.4 y".utf8).write(
                to: URL(filePath: "\(other.attachments)/\(file.digest.rawValue.prefix(2))/\(file.digest)"))
            let connection = try SQLConnection(path: other.database, isReader: false)
            try connection.execute(
                "UPDATE dossier SET snapshot = replace(snapshot, 'awaitingIntake', 'accepted') WHERE code LIKE '%0002'")
            try connection.execute(
                "DELETE FROM dossier_event WHERE dossier = (SELECT id FROM dossier WHERE code LIKE '%0003')")
            let findings = try StoreOperations.verify(other) { _ in }.findings
            #expect(findings.contains { $0.contains("content changed") })
            #expect(findings.contains { $0.contains("0002: what is shown differs") })
            #expect(findings.contains { $0.contains("without gap") })
            _ = try StoreOperations.rebuildProjections(other) { _ in }
            #expect(
                try !StoreOperations.verify(other) { _ in }.findings.contains { $0.contains("what is shown differs") })
        }
    }
}
