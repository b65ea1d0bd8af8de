import Foundation
import Glibc
import Platform
import PublicService
import Testing

@testable import Store

@Suite struct FileTests {
    @Test func anUploadStopsAtItsLimit() async throws {
        try await withStore { store, folder in
            let file = try await store.attachments.begin(limit: 10)
            try await store.attachments.append(Array("%PDF-1".utf8), to: file)
            await #expect(throws: UploadRefusal.tooLarge(limit: 10)) {
                try await store.attachments.append(Array("12345".utf8), to: file)
            }
            try await store.attachments.append(Array(".4aa".utf8), to: file)
            #expect(try await store.attachments.finish(file, name: "a.pdf").byteCount == 10)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.spool).isEmpty)
        }
    }

    @Test func aFileThatComesInPiecesIsTheSameFile() async throws {
        try await withStore { store, _ in
            let bytes = Array("%PDF-1.4 ".utf8) + SecureRandom.bytes(200_000)
            let whole = try await store.attachments.store(bytes, name: "a.pdf")
            let file = try await store.attachments.begin()
            for start in stride(from: 0, to: bytes.count, by: 7_919) {
                try await store.attachments.append(Array(bytes[start..<min(start + 7_919, bytes.count)]), to: file)
            }
            #expect(try await store.attachments.finish(file, name: "b.pdf") == whole)
            #expect(whole.digest.rawValue == SHA256.hash(bytes).hex)
        }
    }

    @Test func sweepsOnlyWhatIsADayOld() async throws {
        try await withStore { store, folder in
            for (name, hours) in [("upload-old", 25.0), ("upload-new", 23.0), ("other", 25.0)] {
                let path = folder.spool + "/" + name
                try Data().write(to: URL(filePath: path))
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSinceNow: -hours * 3600)], ofItemAtPath: path)
            }
            store.attachments.sweep()
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder.spool).sorted() == ["other", "upload-new"])
        }
    }

    @Test func secretsStayTheSameAndAreTheirOwnersAlone() async throws {
        try await withStore { _, folder in
            let secret = try folder.secret("a.key")
            #expect(secret.count == 32)
            #expect(try folder.secret("a.key") == secret)
            #expect(try folder.secret("b.key") != secret)
            let path = folder.path + "/secrets/a.key"
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
            chmod(path, 0o644)
            #expect(throws: DataFolderError.self) { try folder.secret("a.key") }
        }
    }

    @Test func nothingInTheFolderIsForOthers() async throws {
        try await withStore { store, folder in
            _ = try await Sample.submit(store, key: "k")
            _ = try await store.attachments.store(Array("%PDF-1.4".utf8), name: "a.pdf")
            var status = stat()
            #expect(stat(folder.path, &status) == 0 && status.st_mode & 0o077 == 0)
            let walker = try #require(FileManager.default.enumerator(atPath: folder.path))
            var count = 0
            while let name = walker.nextObject() as? String {
                #expect(stat(folder.path + "/" + name, &status) == 0 && status.st_mode & 0o077 == 0, "\(name)")
                count += 1
            }
            #expect(count > 5)
        }
    }

    @Test func aCommitWaitsForTheDisk() async throws {
        try await withStore { _, folder in
            let connection = try SQLConnection(path: folder.database, isReader: false)
            #expect(try connection.query("PRAGMA synchronous") { $0.integer(0) } == [2])
            #expect(try connection.query("PRAGMA journal_mode") { $0.text(0) } == ["wal"])
            #expect(try connection.query("PRAGMA foreign_keys") { $0.integer(0) } == [1])
            let reader = try SQLConnection(path: folder.database, isReader: true)
            #expect(throws: SQLError.self) { try reader.execute("DELETE FROM dossier") }
        }
    }

    @Test func aDiskThatCannotKeepALogIsRefusedAtOpening() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "nolog-\(UUID().uuidString).sqlite").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        // This VFS of SQLite has no shared memory, so that the journal stays another one than asked for.
        let refusal = #expect(throws: SQLError.self) {
            try SQLConnection(path: path, isReader: false, diskLayer: "unix-none")
        }
        #expect(refusal?.message.contains("not durable") == true, "\(String(describing: refusal))")
    }

    @Test(arguments: ["motcua.sqlite", "secrets/lookup.key", "secrets/chain.key"])
    func whatDataDependOnIsNeverMadeAnew(_ name: String) async throws {
        try await withStore { store, folder in
            _ = try await store.attachments.store(Array("%PDF-1.4 paper".utf8), name: "a.pdf")
            let file = folder.path + "/" + name
            try FileManager.default.removeItem(atPath: file)
            let refusal = #expect(throws: DataFolderError.self) { try Store(folder) }
            #expect(refusal?.description.contains(file) == true)
            #expect(!FileManager.default.fileExists(atPath: file))
        }
    }
}
