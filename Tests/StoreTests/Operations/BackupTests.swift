import Foundation
import Platform
import PublicService
import Synchronization
import Testing

@testable import Store

/// Raised once, seen by all.
private final class Flag: Sendable {
    private let state = Mutex(false)

    var isRaised: Bool { state.withLock { $0 } }

    func raise() { state.withLock { $0 = true } }
}

@Suite struct BackupTests {
    /// A file name beside the folder, removed with what was restored from it.
    private func withArchive(_ folder: DataFolder, _ body: (String, String) async throws -> Void) async throws {
        let (archive, target) = (folder.path + ".tar", folder.path + ".restored")
        defer {
            try? FileManager.default.removeItem(atPath: archive)
            try? FileManager.default.removeItem(atPath: target)
        }
        try await body(archive, target)
    }

    @Test func aBackupMadeWhileManyWriteIsWholeAndHoldsWhatWasAcknowledgedBefore() async throws {
        try await withStore { store, folder in
            try await withArchive(folder) { archive, target in
                let pdf = try await store.attachments.store(Array("%PDF-1.4 paper".utf8), name: "a.pdf")
                let paper = Attachment(
                    paper: "p", name: "a.pdf", contentType: pdf.contentType, byteCount: pdf.byteCount,
                    digest: pdf.digest)
                for number in 0..<40 {
                    _ = try await Sample.submit(store, key: "before \(number)", attachments: [paper])
                }
                let isDone = Flag()
                let written = try await withThrowingTaskGroup(of: Int.self) { group in
                    for writer in 0..<4 {
                        group.addTask {
                            var count = 0
                            while !isDone.isRaised, count < 5_000 {
                                _ = try await Sample.submit(store, key: "\(writer) \(count)")
                                count += 1
                            }
                            return count
                        }
                    }
                    try StoreOperations.backup(dataPath: folder.path, to: archive) { _ in }
                    isDone.raise()
                    return try await group.reduce(0, +)
                }
                let report = try StoreOperations.restore(from: archive, dataPath: target) { _ in }
                #expect(report.findings.isEmpty)
                #expect((40...(40 + written)).contains(report.dossiers))
                #expect(report.attachments == 1)
                let restored = try Store(try DataFolder(target))
                guard case .already(let dossier) = try await Sample.submit(restored, key: "before 0") else {
                    Issue.record("the restored folder forgot an idempotency key")
                    return
                }
                #expect(restored.lookupKey(of: dossier.id) == store.lookupKey(of: dossier.id))
            }
        }
    }

    @Test func onlyItsOwnerMayReadABackup() async throws {
        try await withStore { _, folder in
            try await withArchive(folder) { archive, _ in
                try StoreOperations.backup(dataPath: folder.path, to: archive) { _ in }
                let mode = try FileManager.default.attributesOfItem(atPath: archive)[.posixPermissions] as? Int
                #expect(mode == 0o600)
            }
        }
    }

    @Test func aCutOrAlteredArchiveIsRefused() async throws {
        try await withStore { store, folder in
            try await withArchive(folder) { archive, target in
                _ = try await Sample.submit(store, key: "k")
                try StoreOperations.backup(dataPath: folder.path, to: archive) { _ in }
                let whole = try Data(contentsOf: URL(filePath: archive))
                for kept in [whole.count / 2, whole.count - 1024, 100, 0] {
                    try whole.prefix(kept).write(to: URL(filePath: archive))
                    #expect(throws: BackupError.self, "\(kept) of \(whole.count) bytes") {
                        try StoreOperations.restore(from: archive, dataPath: target) { _ in }
                    }
                    for left in [target, target + ".restoring"] {
                        #expect(!FileManager.default.fileExists(atPath: left), "\(kept) of \(whole.count) bytes")
                    }
                }
            }
        }
    }

    @Test func whatIsDamagedNeverGetsTheNameOfADataFolder() async throws {
        try await withStore { store, folder in
            try await withArchive(folder) { archive, target in
                _ = try await Sample.submit(store, key: "k")
                try SQLConnection(path: folder.database, isReader: false).execute(
                    "UPDATE dossier SET state = 'done'")
                try StoreOperations.backup(dataPath: folder.path, to: archive) { _ in }
                defer { try? FileManager.default.removeItem(atPath: target + ".restoring") }
                #expect(throws: BackupError.self) {
                    try StoreOperations.restore(from: archive, dataPath: target) { _ in }
                }
                #expect(!FileManager.default.fileExists(atPath: target))
                #expect(FileManager.default.fileExists(atPath: target + ".restoring/motcua.sqlite"))
            }
        }
    }

    @Test(arguments: [
        "../outside", "/etc/passwd", "attachments/../../x", "secrets/a/b", "secrets/.ssh", "attachments//x",
        "motcua.sqlite-wal", "lock", "",
    ])
    func anArchiveCannotPlaceFilesElsewhere(_ name: String) {
        #expect(!StoreOperations.isExpected(name))
    }

    @Test func tellsProgressWithRateAndTimeLeft() async throws {
        let told = ProgressMeter.progress("dossiers", 250, 1_000, after: .seconds(5))
        #expect(told.rate == 50)
        #expect(told.timeLeft == .seconds(15))
        #expect(ProgressMeter.progress("dossiers", 0, 10, after: .zero).timeLeft == nil)
        try await withStore { store, folder in
            try await withArchive(folder) { archive, _ in
                _ = try await Sample.submit(store, key: "k")
                var steps: [OperationProgress] = []
                try StoreOperations.backup(dataPath: folder.path, to: archive) { steps.append($0) }
                let last = try #require(steps.last)
                #expect(last.step == "bytes")
                #expect(last.done == last.total)
            }
        }
    }

    @Test(arguments: [0, 1, 511, 512, 8_589_934_591, 8_589_934_592, 1 << 50] as [Int64])
    func aHeaderTellsItsSize(_ byteCount: Int64) throws {
        let entry = TarHeader.Entry(name: "attachments/ab/" + String(repeating: "c", count: 64), byteCount: byteCount)
        let block = try #require(TarHeader.write(entry))
        #expect(TarHeader.read(block) == entry)
        for index in stride(from: 0, to: 512, by: 37) where !(148..<156).contains(index) {
            var altered = block
            altered[index] ^= 1
            #expect(TarHeader.read(altered) != entry, "byte \(index)")
        }
    }
}
