import Foundation
import Platform
import PublicService
import Testing

@testable import Store

@Suite struct ResumableUploadTests {
    private static let limits = ResumableLimits(
        fileBytes: 10 << 20, countPerScope: 3, bytesInAll: 40 << 20, lifetimeSeconds: 3600)
    private static let pdf = Array("%PDF-1.4 ".utf8) + (0..<600_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }

    private func begin(
        _ store: Store, scope: String = "a", name: String = "a.pdf", length: Int64? = nil,
        expected: ContentDigest? = nil,
        at: Instant = Sample.at
    ) async throws -> String {
        try await store.beginUpload(
            scope: scope, name: name, length: length, expected: expected, limits: Self.limits, at: at)
    }

    private func take(_ store: Store, _ token: String) async throws -> (hold: PartialFile, upload: ResumableUpload) {
        try #require(try await store.takeUpload(token, scope: "a", at: Sample.at))
    }

    private func look(_ store: Store, _ token: String) async throws -> ResumableUpload {
        let (hold, upload) = try await take(store, token)
        await store.release(hold)
        return upload
    }

    private func add(_ bytes: ArraySlice<UInt8>, _ token: String, _ store: Store) async throws {
        let (hold, upload) = try await take(store, token)
        try await store.open(hold, of: upload, length: nil)
        for start in stride(from: bytes.startIndex, to: bytes.endIndex, by: 65_536) {
            try await store.append(Array(bytes[start..<min(start + 65_536, bytes.endIndex)]), to: hold)
        }
        await store.release(hold)
    }

    private func finish(_ token: String, _ store: Store) async throws -> StoredFile {
        let (hold, upload) = try await take(store, token)
        do {
            let file = try await store.finishUpload(hold, upload, at: Sample.at)
            await store.release(hold)
            return file
        } catch {
            await store.release(hold)
            throw error
        }
    }

    private func spool(_ folder: DataFolder) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.spool)
    }

    @Test func piecesBecomeTheSameFileAsTheWhole() async throws {
        try await withStore { store, folder in
            let token = try await begin(store)
            try await add(Self.pdf[..<100_000], token, store)
            try await add(Self.pdf[100_000..<100_001], token, store)
            #expect(try await look(store, token).durable == 100_001)
            try await add(Self.pdf[100_001...], token, store)
            let file = try await finish(token, store)
            #expect(file.digest.rawValue == SHA256.hash(Self.pdf).hex && file.byteCount == Int64(Self.pdf.count))
            #expect(try await store.upload(file.digest, scope: "a") == file)
            #expect(try await store.upload(file.digest, scope: "b") == nil)
            #expect(try await look(store, token).file == file, "who missed the answer finds it")
            #expect(try spool(folder).isEmpty)
            #expect(try await store.attachments.open(file.digest)?.size == file.byteCount)
        }
    }

    @Test func nobodyElseHasIt() async throws {
        try await withStore { store, _ in
            let token = try await begin(store)
            #expect(try await store.takeUpload(token, scope: "b", at: Sample.at) == nil)
            #expect(try await store.takeUpload("other", scope: "a", at: Sample.at) == nil)
            #expect(
                try await store.takeUpload(token, scope: "a", at: Sample.at.adding(seconds: 3600)) == nil, "expired")
        }
    }

    /// What was written but not flushed when the program died was not promised.
    @Test func aNewProgramBelievesOnlyWhatWasFlushed() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "store-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let token: String
        do {
            let store = try Store(try DataFolder(path))
            token = try await begin(store)
            let (hold, upload) = try await take(store, token)
            try await store.open(hold, of: upload, length: nil)
            for start in stride(from: 0, to: 350_000, by: 50_000) {
                try await store.append(Array(Self.pdf[start..<start + 50_000]), to: hold)
            }
            // Not given back: the program ends here. The first six pieces, more than 256 KB, were flushed, the last not.
            store.close()
        }
        let store = try Store(try DataFolder(path))
        let (_, upload) = try await take(store, token)
        #expect(upload.durable == 300_000)
        try await add(Self.pdf[300_000...], token, store)
        #expect(try await finish(token, store).digest.rawValue == SHA256.hash(Self.pdf).hex)
    }

    @Test func whatWasNotPromisedIsCutOff() async throws {
        try await withStore { store, folder in
            let token = try await begin(store)
            try await add(Self.pdf[..<1000], token, store)
            let name = try #require(try spool(folder).first)
            let file = try FileHandle(forWritingTo: URL(filePath: folder.spool + "/" + name))
            try file.seekToEnd()
            try file.write(contentsOf: Data(repeating: 0, count: 5000))
            try file.close()
            try await add(Self.pdf[1000...], token, store)
            #expect(try await finish(token, store).digest.rawValue == SHA256.hash(Self.pdf).hex)
        }
    }

    @Test func bytesThatAreGoneEndTheUpload() async throws {
        try await withStore { store, folder in
            let token = try await begin(store)
            try await add(Self.pdf[..<1000], token, store)
            try FileManager.default.removeItem(atPath: folder.spool + "/" + (try #require(try spool(folder).first)))
            #expect(try await store.takeUpload(token, scope: "a", at: Sample.at) == nil)
        }
    }

    @Test func aLaterRequestTakesOver() async throws {
        try await withStore { store, _ in
            let token = try await begin(store)
            let (first, upload) = try await take(store, token)
            try await store.open(first, of: upload, length: nil)
            try await store.append(Array(Self.pdf[..<1000]), to: first)
            let (second, seen) = try await take(store, token)
            #expect(seen.durable == 1000, "what the first added is told, and on the medium")
            await #expect(throws: UploadSuperseded.self) {
                try await store.append(Array(Self.pdf[1000..<2000]), to: first)
            }
            try await store.open(second, of: seen, length: nil)
            await store.release(first)
            try await store.append(Array(Self.pdf[1000...]), to: second)
            await store.release(second)
            #expect(try await finish(token, store).digest.rawValue == SHA256.hash(Self.pdf).hex)
            #expect(store.partials.held.isEmpty)
        }
    }

    @Test func manyAtOnceLeaveOneTruth() async throws {
        try await withStore { store, _ in
            let token = try await begin(store)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        for _ in 0..<6 {
                            guard let (hold, upload) = try? await store.takeUpload(token, scope: "a", at: Sample.at)
                            else { continue }
                            let start = Int(upload.durable)
                            let end = min(start + 7_000, Self.pdf.count)
                            if start < end, (try? await store.open(hold, of: upload, length: nil)) != nil {
                                try? await store.append(Array(Self.pdf[start..<end]), to: hold)
                            }
                            await store.release(hold)
                        }
                    }
                }
            }
            let reached = Int(try await look(store, token).durable)
            #expect(reached > 7_000)
            try await add(Self.pdf[reached...], token, store)
            #expect(try await finish(token, store).digest.rawValue == SHA256.hash(Self.pdf).hex)
        }
    }

    @Test(arguments: [
        ("a.pdf", "MZ and more", UploadRefusal.unknownType), ("a.png", "%PDF-1.4", .nameDisagrees),
        ("a.pdf", "", .empty),
    ]) func whatIsNoPaperIsForgotten(_ name: String, _ content: String, _ refusal: UploadRefusal) async throws {
        try await withStore { store, folder in
            let token = try await begin(store, name: name)
            try await add(ArraySlice(content.utf8), token, store)
            await #expect(throws: refusal) { try await finish(token, store) }
            #expect(try await store.takeUpload(token, scope: "a", at: Sample.at) == nil)
            #expect(try spool(folder).isEmpty)
        }
    }

    @Test func aWrongDigestIsNoPaper() async throws {
        try await withStore { store, _ in
            let other = try #require(ContentDigest(rawValue: String(repeating: "0", count: 64)))
            let token = try await begin(store, expected: other)
            try await add(Self.pdf[...], token, store)
            await #expect(throws: ResumableUploadDefect.wrongDigest) { try await finish(token, store) }
            let right = try #require(ContentDigest(rawValue: SHA256.hash(Self.pdf).hex))
            #expect(right.bytes == SHA256.hash(Self.pdf))
            let again = try await begin(store, expected: right)
            try await add(Self.pdf[...], again, store)
            #expect(try await finish(again, store).digest == right)
        }
    }

    @Test func countsWhatIsUnfinished() async throws {
        try await withStore { store, _ in
            let first = try await begin(store)
            _ = try await begin(store)
            _ = try await begin(store)
            await #expect(throws: ResumableUploadDefect.tooMany) { try await begin(store) }
            // Three of unknown length count 30 MB; one of 10 MB fits, another does not.
            _ = try await begin(store, scope: "b", length: 10 << 20)
            await #expect(throws: ResumableUploadDefect.noRoom) { try await begin(store, scope: "c", length: 1) }
            try await add(Self.pdf[...], first, store)
            _ = try await finish(first, store)
            _ = try await begin(store, length: 1000)
            _ = try await begin(store, scope: "d", length: 1000, at: Sample.at.adding(seconds: 3601))
        }
    }

    @Test func forgetsWhatIsOver() async throws {
        try await withStore { store, folder in
            let old = try await begin(store)
            try await add(Self.pdf[..<1000], old, store)
            let name = try #require(try spool(folder).first)
            let young = try await begin(store, at: Sample.at.adding(seconds: 600))
            try await add(Self.pdf[..<1000], young, store)
            let orphan = folder.spool + "/partial-orphan"
            try Data().write(to: URL(filePath: orphan))
            for file in [orphan, folder.spool + "/" + name] {
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSinceNow: -7200)], ofItemAtPath: file)
            }
            try await store.removeExpired(at: Sample.at.adding(seconds: 3600))
            #expect(try spool(folder).count == 1)
            #expect(try await store.takeUpload(young, scope: "a", at: Sample.at.adding(seconds: 3600)) != nil)
        }
    }

    @Test(arguments: [FaultyDisk.Mode.full, .failingFlush])
    func aBrokenDiskKeepsWhatWasPromised(_ mode: FaultyDisk.Mode) async throws {
        try await withFaultyStore { store, disk in
            let token = try await begin(store)
            try await add(Self.pdf[..<300_000], token, store)
            disk.set(mode)
            await #expect(throws: StoreError.unavailable) {
                let (hold, upload) = try await take(store, token)
                try await store.open(hold, of: upload, length: nil)
                do {
                    for start in stride(from: 300_000, to: 600_000, by: 50_000) {
                        try await store.append(Array(Self.pdf[start..<start + 50_000]), to: hold)
                    }
                    try await store.settle(hold)
                } catch {
                    await store.release(hold)
                    throw error
                }
            }
            disk.set(.healthy)
            #expect(try await look(store, token).durable == 300_000)
            try await add(Self.pdf[300_000...], token, store)
            #expect(try await finish(token, store).digest.rawValue == SHA256.hash(Self.pdf).hex)
        }
    }

    /// The first operation fails, then the second, and so on: whatever was told stays true, and in the end it is a paper.
    @Test func noFailingOperationLosesOrSpoilsAnUpload() async throws {
        try await withFaultyStore { store, disk in
            var survived = false
            for nth in 1...80 where !survived {
                disk.set(.healthy)
                let token = try await begin(store)
                disk.set(.failing(nth: nth))
                for attempt in 0..<4 {
                    do {
                        let start = Int(try await look(store, token).durable)
                        try await add(Self.pdf[start...], token, store)
                        #expect(try await finish(token, store).digest.rawValue == SHA256.hash(Self.pdf).hex)
                        survived = attempt == 0 && disk.failureCount == 0
                        break
                    } catch StoreError.unavailable {
                        #expect(attempt < 3)
                    }
                }
                #expect(try await look(store, token).file != nil, "\(nth)")
            }
            #expect(survived, "in the end no operation is left to fail")
        }
    }
}
