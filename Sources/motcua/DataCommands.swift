import ArgumentParser
import FoundationEssentials
import Platform
import PublicService
import Store

private func watched() -> ProgressReport {
    let terminal = TerminalProgress()
    return { progress in
        terminal.show(
            step: progress.step, done: progress.done, total: progress.total, rate: progress.rate,
            secondsLeft: progress.timeLeft.map { Double($0.components.seconds) })
    }
}

/// `motcua verify`.
struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fold every dossier again, hash every paper, and say what is wrong.")

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let report = try await plainly {
            let folder = try DataFolder(existing: try common.configuration()["data"])
            return try StoreOperations.verify(folder, progress: watched())
        }
        for finding in report.findings { print("WRONG \(finding)") }
        print(
            "\(report.dossiers) dossiers, \(report.events) events, \(report.attachments) attachments, \(report.findings.count) findings"
        )
        if !report.findings.isEmpty { throw ExitCode.failure }
    }
}

/// `motcua rebuild-projections`.
struct RebuildProjections: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild-projections", abstract: "Fold what is shown again from the events.")

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let count = try await plainly {
            let folder = try DataFolder(existing: try common.configuration()["data"])
            return try StoreOperations.rebuildProjections(folder, progress: watched())
        }
        print("\(count) dossiers")
    }
}

/// `motcua backup FILE`, also while the server works.
struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Write everything into one file, also while serving.")

    @Argument(help: "The file to write; it must not exist.")
    var file: String

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await plainly {
            try StoreOperations.backup(
                dataPath: try common.configuration()["data"], to: file, progress: watched())
        }
        print("backed up to \(file)")
    }
}

/// `motcua restore FILE`.
struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Unpack a backup into an empty data folder and verify it.")

    @Argument(help: "The file that backup wrote.")
    var file: String

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let report = try await plainly {
            try StoreOperations.restore(
                from: file, dataPath: try common.configuration()["data"], progress: watched())
        }
        print("\(report.dossiers) dossiers, \(report.attachments) attachments restored and verified")
    }
}

/// `motcua create-officer LOGIN`.
struct CreateOfficer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create-officer",
        abstract: "Make an account with a random password and one-time codes, shown once.")

    @Argument(help: "Login: 2 to 40 lower-case letters, digits, full stops and hyphens.")
    var login: String

    @Option(help: "The name as shown.")
    var name: String

    @Option(help: "Roles separated by commas: intake, professional, leader, clerk, cashier, inspector, administrator.")
    var roles: String

    @OptionGroup var common: CommonOptions

    func run() async throws {
        guard let id = OfficerID(rawValue: login) else { throw ValidationError("\"\(login)\" cannot be a login") }
        let texts = roles.split(separator: ",").map { $0.trimmed }
        let known = texts.compactMap { Role(rawValue: $0) }
        guard known.count == texts.count, !known.isEmpty else { throw ValidationError("unknown role in \"\(roles)\"") }
        try await plainly { try await make(id, Set(known)) }
    }

    private func make(_ id: OfficerID, _ roles: Set<Role>) async throws {
        let configuration = try common.configuration()
        guard let shown = try? PersonName.check(name) else {
            throw CommandError(description: "\"\(name)\" cannot be a person's name")
        }
        let store = try Store(try DataFolder(configuration["data"]))
        guard try await store.officer(id) == nil else { throw CommandError(description: "\(login) exists already") }
        let password = Demo.password()
        guard let hash = PasswordHash(password: password) else {
            throw CommandError(description: "no memory for the password's hash")
        }
        let seed = SecureRandom.bytes(20)
        try await store.save(
            Officer(id: id, name: shown, roles: roles, password: hash, sealedSeed: try store.seal(seed: seed)))
        store.close()
        print("\(login)  \(password)  one-time codes from \(OneTimeCode.base32(seed))")
    }
}

/// `motcua check-config`.
struct CheckConfig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config", abstract: "Say which settings are in force, secrets masked.")

    @OptionGroup var options: ServeOptions

    func run() async throws {
        print(
            try await plainly {
                let configuration = try options.configuration()
                // What would keep the server from starting, or annoy its visitors, is said before it happens.
                let warnings = try configuration.checkFiles().map { "\nwarning: " + $0 }
                return configuration.shown + warnings.joined()
            })
    }
}

/// `motcua version`.
struct Version: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Say the version.")
    static let number = "0.1.0"

    func run() async throws { print("motcua \(Version.number)") }
}
