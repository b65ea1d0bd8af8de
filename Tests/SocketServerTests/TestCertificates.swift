import Foundation
import Glibc
import Testing

@testable import SocketServer

/// Certificates of a test's own, in a folder that goes with it.
final class TestCertificates: Sendable {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    /// Its own issuer; `title` is the subject's common name and the files' name.
    func make(
        _ title: String, names: [String] = ["localhost"], rsaBits: Int? = nil, days: Int = 90
    ) throws -> CertificateFiles {
        let files = CertificateFiles(chain: path(title + ".pem"), key: path(title + ".key"))
        let kind = rsaBits.map { ["rsa:\($0)"] } ?? ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        let known =
            names.isEmpty ? [] : ["-addext", "subjectAltName=" + names.map { "DNS:" + $0 }.joined(separator: ",")]
        let made = try run(
            "openssl",
            ["req", "-x509", "-newkey"] + kind + ["-nodes", "-days", "\(days)", "-subj", "/CN=" + title] + known
                + ["-keyout", files.key, "-out", files.chain])
        try #require(made.status == 0, "\(made.output)")
        return files
    }

    func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: path(name)))
        return path(name)
    }

    /// Puts `fresh` where `old` lies.
    func replace(_ old: CertificateFiles, with fresh: CertificateFiles) throws {
        for (from, to) in [(fresh.chain, old.chain), (fresh.key, old.key)] {
            try Data(contentsOf: URL(filePath: from)).write(to: URL(filePath: to))
        }
    }
}

/// Runs a program to its end, with none of our descriptors. Foundation's Process lists them all, and reads beyond the end of
/// its listing when there are more than some thirteen hundred, as beside hundreds of slow peers.
func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw SystemCallError("pipe") }
    defer { close(ends[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
    for descriptor in Int32(3)..<8192 where fcntl(descriptor, F_GETFD) & FD_CLOEXEC == 0 {
        posix_spawn_file_actions_addclose(&actions, descriptor)
    }
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var child: pid_t = 0
    let failure = posix_spawnp(&child, program, &actions, nil, &words, environ)
    close(ends[1])
    guard failure == 0 else { throw SystemCallError("posix_spawnp", failure) }
    var output: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(ends[0], &piece, piece.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        output.append(contentsOf: piece[..<count])
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    // The exit status, or the signal that ended it.
    return (status & 0x7F == 0 ? status >> 8 & 0xFF : status & 0x7F, String(decoding: output, as: UTF8.self))
}
