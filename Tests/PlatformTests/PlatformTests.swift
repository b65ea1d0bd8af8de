import Foundation
import Synchronization
import Testing

@testable import Platform

@Suite struct PlatformTests {
    /// FIPS 180-4, examples of one and two blocks.
    @Test(arguments: [
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ]) func hashes(_ text: String, _ digest: String) {
        #expect(SHA256.hash(text.utf8).hex == digest)
        var pieces = SHA256()
        for byte in text.utf8 { pieces.update([byte]) }
        #expect(pieces.finish().hex == digest)
    }

    @Test func unnamedFilesHoldTheirBytesAndLeaveNothing() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "unnamed-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let file = try #require(UnnamedFile(bytes, on: directory))
        #expect(file.byteCount == 200_000)
        var read = [UInt8](repeating: 0, count: 300_000)
        #expect(pread(file.descriptor, &read, read.count, 0) == 200_000 && Array(read[..<200_000]) == bytes)
        #expect(fcntl(file.descriptor, F_GETFD) == FD_CLOEXEC)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
        var status = stat()
        #expect(fstat(file.descriptor, &status) == 0 && status.st_nlink == 0 && status.st_mode & 0o777 == 0o600)
        #expect(
            linkat(AT_FDCWD, "/proc/self/fd/\(file.descriptor)", AT_FDCWD, directory + "/a", AT_SYMLINK_FOLLOW) == -1)
        #expect(UnnamedFile(bytes, on: directory + "/none") == nil)
        #expect(UnnamedFile(bytes, on: "/proc") == nil)
    }

    /// RFC 4231, test case 2.
    @Test func authenticates() {
        let key = Array("Jefe".utf8)
        let message = Array("what do ya want for nothing?".utf8)
        #expect(
            MessageAuthentication.sha256(key: key, message).hex
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            MessageAuthentication.sha512(key: key, message).hex.hasPrefix(
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"))
        #expect(MessageAuthentication.equal([1, 2], [1, 2]))
        #expect(!MessageAuthentication.equal([1, 2], [1, 3]))
        #expect(!MessageAuthentication.equal([1, 2], [1, 2, 3]))
    }

    /// RFC 7914 §12, second vector (its first 32 bytes).
    @Test func derivesPasswords() throws {
        let derived = try #require(
            Scrypt(logN: 10, r: 8, p: 16).derive(password: Array("password".utf8), salt: Array("NaCl".utf8)))
        #expect(derived.hex == "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162")
    }

    /// The parameters that passwords get, with the memory they take: 128 MiB.
    @Test func passwordsCostWhatTheyShould() throws {
        #expect(Scrypt.password == Scrypt(logN: 17, r: 8, p: 1))
        #expect(Scrypt.password.derive(password: [1], salt: [2]) != nil)
    }

    @Test func encodes() {
        #expect([0, 255, 16].hex == "00ff10")
        #expect(Array("fo".utf8).base64URL == "Zm8")
        #expect([0xFB, 0xFF].base64URL == "-_8")
        #expect(Set((0..<50).map { _ in SecureRandom.bytes(16).hex }).count == 50)
    }

    /// The backlog is bounded: what is too much is refused at once, the rest runs.
    @Test func refusesWhatIsTooMuch() async throws {
        let queue = WorkQueue(name: "test", width: 1, backlogLimit: 2)
        let gate = DispatchSemaphore(value: 0)
        async let first: Int = queue.run {
            gate.wait()
            return 1
        }
        async let second: Int = queue.run { 2 }
        while queue.depth < 2 { await Task.yield() }
        await #expect(throws: Overloaded.self) { try await queue.run { 3 } }
        gate.signal()
        let sum = try await first + second
        #expect(sum == 3)
        let after = try await queue.run { 4 }
        #expect(after == 4)
    }

    @Test func opensRegularFilesOnly() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "open-\(UUID().uuidString)")
        try Data("abc".utf8).write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        #expect(OpenFile(path: path.path)?.size == 3)
        #expect(OpenFile(path: "/tmp") == nil)
        #expect(OpenFile(path: path.path + ".none") == nil)
        let link = path.path + ".link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path.path)
        defer { try? FileManager.default.removeItem(atPath: link) }
        #expect(OpenFile(path: link) == nil, "a link may lead anywhere")
    }
}

@Suite struct OneTimeCodeTests {
    /// RFC 6238, appendix B (SHA-1), its last six digits.
    @Test(
        arguments: [
            (59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (2_000_000_000, "279037"),
        ] as [(Int64, String)]) func followsTheVectors(_ seconds: Int64, _ code: String)
    {
        let seed = Array("12345678901234567890".utf8)
        #expect(OneTimeCode.code(seed: seed, step: OneTimeCode.step(seconds: seconds)) == code)
        #expect(OneTimeCode.step(of: code, seed: seed, seconds: seconds + 30) == OneTimeCode.step(seconds: seconds))
        #expect(OneTimeCode.step(of: code, seed: seed, seconds: seconds + 90) == nil)
        #expect(OneTimeCode.step(of: "", seed: seed, seconds: seconds) == nil)
    }

    @Test func writesSeedsForApps() {
        #expect(OneTimeCode.base32(Array("12345678901234567890".utf8)) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
        for count in 0...20 {
            let seed = [UInt8]((0..<count).map { UInt8($0 * 37 & 255) })
            #expect(OneTimeCode.bytes(base32: OneTimeCode.base32(seed)) == seed)
        }
        for wrong in ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1", "gezd", "A", "GEZDGNB="] {
            #expect(OneTimeCode.bytes(base32: wrong) == nil, "\(wrong)")
        }
    }

    @Test func sealsSecrets() {
        let key = SecureRandom.bytes(32)
        var sealed = SealedSecret.seal([1, 2, 3], key: key)
        #expect(sealed != SealedSecret.seal([1, 2, 3], key: key))
        #expect(SealedSecret.open(sealed, key: key) == [1, 2, 3])
        #expect(SealedSecret.open(sealed, key: SecureRandom.bytes(32)) == nil)
        sealed[13] ^= 1
        #expect(SealedSecret.open(sealed, key: key) == nil)
        #expect(SealedSecret.open([], key: key) == nil)
    }
}
