import Foundation
import Platform
import PublicService
import Testing

@testable import Store

/// A store on a disk that can be told to fail.
func withFaultyStore(_ body: (Store, FaultyDisk) async throws -> Void) async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "faulty-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let disk = FaultyDisk()
    var options = StoreOptions()
    options.diskLayer = disk.register()
    options.faults = disk
    try await body(try Store(try DataFolder(path), options: options), disk)
}

@Suite struct BrokenDiskTests {
    @Test(arguments: [FaultyDisk.Mode.full, .failingFlush])
    func aBrokenDiskRefusesWritesReadsOnAndHeals(_ mode: FaultyDisk.Mode) async throws {
        try await withFaultyStore { store, disk in
            guard case .created(let first) = try await Sample.submit(store, key: "before") else {
                Issue.record("not created")
                return
            }
            disk.set(mode)
            for attempt in 0..<3 {
                await #expect(throws: StoreError.unavailable) {
                    _ = try await Sample.submit(store, key: "during \(attempt)")
                }
                #expect(try await store.dossier(first.code) == first, "reading goes on")
            }
            #expect(disk.failureCount > 0)
            #expect(store.lastFault != nil)
            #expect(await store.writing() == .fails)
            disk.set(.healthy)
            guard case .created(let second) = try await Sample.submit(store, key: "during 0") else {
                Issue.record("a refused write may be tried again under its key")
                return
            }
            #expect(second.code.rawValue.hasSuffix("-0002"), "a refused write uses up no code")
            #expect(store.lastFault == nil)
            #expect(try StoreOperations.verify(store.folder) { _ in }.findings.isEmpty)
        }
    }

    /// The first operation fails, then the second, and so on until a submission meets no fault: whatever was
    /// acknowledged is there, and whatever was not has left nothing behind.
    @Test func noFailingOperationLosesOrDoublesASubmission() async throws {
        try await withFaultyStore { store, disk in
            var acknowledged: [DossierCode] = []
            var survived = false
            for nth in 1...200 where !survived {
                disk.set(.failing(nth: nth))
                do {
                    guard case .created(let dossier) = try await Sample.submit(store, key: "k\(nth)") else {
                        Issue.record("k\(nth) was submitted once")
                        return
                    }
                    acknowledged.append(dossier.code)
                    survived = disk.failureCount == 0
                } catch StoreError.unavailable {
                    #expect(disk.failureCount == 1)
                    disk.set(.healthy)
                    guard case .created(let dossier) = try await Sample.submit(store, key: "k\(nth)") else {
                        Issue.record("k\(nth) was refused, so it was not there")
                        return
                    }
                    acknowledged.append(dossier.code)
                }
            }
            disk.set(.healthy)
            #expect(survived, "in the end no operation is left to fail")
            #expect(acknowledged.count > 2, "some operations did fail")
            #expect(Set(acknowledged).count == acknowledged.count)
            let report = try StoreOperations.verify(store.folder) { _ in }
            #expect(report.findings.isEmpty)
            #expect(report.dossiers == acknowledged.count)
        }
    }

    @Test func everyWriteOfAFailedGroupIsRefused() async throws {
        try await withFaultyStore { store, disk in
            disk.set(.failingFlush)
            let refused = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<32 {
                    group.addTask {
                        do {
                            _ = try await Sample.submit(store, key: "g\(number)")
                            return false
                        } catch { return error as? StoreError == .unavailable }
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(refused == 32)
            disk.set(.healthy)
            let agency = try #require(Sample.agency)
            #expect(try await store.count(agency: agency, QueueFilter()) == 0)
        }
    }

    @Test func aFileIsKeptWhollyOrNotAtAll() async throws {
        try await withFaultyStore { store, disk in
            let pdf = Array("%PDF-1.4 whole".utf8)
            var kept: StoredFile?
            for nth in 1...20 where kept == nil {
                disk.set(.failing(nth: nth))
                do { kept = try await store.attachments.store(pdf, name: "a.pdf") } catch StoreError.unavailable {
                    #expect(try FileManager.default.contentsOfDirectory(atPath: store.folder.spool).isEmpty)
                }
            }
            let file = try #require(kept)
            #expect(try await store.attachments.open(file.digest)?.size == Int64(pdf.count))
        }
    }

    /// Making a folder and failing to flush its name must not count as durable the next time.
    @Test func aFolderWhoseNameWasNotFlushedIsFlushedAgain() async throws {
        try await withFaultyStore { store, disk in
            let pdf = Array("%PDF-1.4 folder".utf8)
            // write, flush of the file, then flush of the folder above.
            disk.set(.failing(nth: 3))
            await #expect(throws: StoreError.unavailable) { try await store.attachments.store(pdf, name: "a.pdf") }
            disk.set(.failing(nth: 3))
            await #expect(throws: StoreError.unavailable, "the same flush is asked for again") {
                try await store.attachments.store(pdf, name: "a.pdf")
            }
            #expect(disk.failureCount == 1)
        }
    }

    @Test func aStoreThatLostWhatItPromisedTakesNoMoreWrites() async throws {
        try await withFaultyStore { store, disk in
            _ = try await Sample.submit(store, key: "kept")
            let other = try SQLConnection(path: store.folder.database, isReader: false)
            try other.execute("DELETE FROM dossier_event")
            disk.set(.failing(nth: 1))
            await #expect(throws: StoreError.unavailable) { _ = try await Sample.submit(store, key: "a") }
            disk.set(.healthy)
            await #expect(throws: StoreError.unavailable) { _ = try await Sample.submit(store, key: "b") }
            #expect(store.lastFault?.contains("not there any more") == true)
        }
    }
}
