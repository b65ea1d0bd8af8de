import CLinux
import Dispatch
import FoundationEssentials
import Glibc
import Platform
import PublicService
import Store
import Synchronization

/// What `--demo` made, kept in `DATA/demo.json` (mode 0600) so that every role can be played again.
struct DemoFacts: Codable, Sendable {
    struct Officer: Codable, Sendable {
        let role: String
        let login: String
        let password: String
        let name: String
        /// base32, for an authenticator app.
        let oneTimeCodeSeed: String
    }
    struct Bank: Codable, Sendable {
        let address: String
        let terminal: String
        let secret: String
    }
    struct Addresses: Codable, Sendable {
        let `public`: String
        let desk: String
        let operations: String
    }
    var officers: [Officer]
    var partnerKey: String
    var bank: Bank
    var addresses: Addresses

    static func read(_ folder: DataFolder) -> DemoFacts? {
        FileManager.default.contents(atPath: folder.path + "/demo.json")
            .flatMap { try? JSONDecoder().decode(DemoFacts.self, from: $0) }
    }

    func write(to folder: DataFolder) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try folder.write(Array(try encoder.encode(self)) + [10], to: "demo.json")
    }
}

/// The demonstration: officers, a partner, a bank of its own process.
enum Demo {
    private struct Plan: Decodable {
        struct Person: Decodable {
            let login, name: String
            let roles: [Role]
        }
        let officers: [Person]
        let partner: String
    }

    /// Makes accounts in an empty folder; finds them again in one that a demonstration made. What is made is written down
    /// first, so that a start that was cut short is finished by the next one, under the same passwords.
    static func prepare(
        _ store: Store, resources: String, bank: String, addresses: DemoFacts.Addresses
    ) async throws -> (facts: DemoFacts, isNew: Bool) {
        let known = DemoFacts.read(store.folder)
        if known == nil, try await !store.officers().isEmpty {
            throw CommandError(
                description: "\(store.folder.path) already has officers: --demo fills an empty folder only")
        }
        let plan = try CatalogueReader.decode(Plan.self, resources + "/Catalogue", "demo.json5")
        var facts = known ?? invent(plan, bank: bank, addresses: addresses)
        facts.addresses = addresses
        facts.bank = .init(address: bank, terminal: facts.bank.terminal, secret: facts.bank.secret)
        try facts.write(to: store.folder)
        for officer in facts.officers { try await open(officer, store) }
        if try await store.partner(key: facts.partnerKey) == nil {
            try await store.addPartner(name: plan.partner, key: facts.partnerKey)
        }
        return (facts, known == nil)
    }

    private static func invent(_ plan: Plan, bank: String, addresses: DemoFacts.Addresses) -> DemoFacts {
        DemoFacts(
            officers: plan.officers.map { person in
                .init(
                    role: person.roles.map(\.rawValue).joined(separator: " "), login: person.login,
                    password: password(), name: person.name, oneTimeCodeSeed: OneTimeCode.base32(SecureRandom.bytes(20))
                )
            },
            partnerKey: SecureRandom.bytes(24).base64URL,
            bank: .init(address: bank, terminal: "MOTCUA01", secret: SecureRandom.bytes(24).base64URL),
            addresses: addresses)
    }

    /// Makes the account unless it is there.
    private static func open(_ facts: DemoFacts.Officer, _ store: Store) async throws {
        guard let id = OfficerID(rawValue: facts.login), let seed = OneTimeCode.bytes(base32: facts.oneTimeCodeSeed)
        else { throw CommandError(description: "demo.json: \(facts.login) cannot be an account") }
        guard try await store.officer(id) == nil else { return }
        let roles = facts.role.split(separator: " ").compactMap { Role(rawValue: String($0)) }
        guard let hash = PasswordHash(password: facts.password) else {
            throw CommandError(description: "no memory for the password's hash")
        }
        try await store.save(
            Officer(
                id: id, name: facts.name, roles: Set(roles), password: hash, sealedSeed: try store.seal(seed: seed)))
    }

    /// Four groups of four characters that cannot be taken for one another: 78 bits.
    static func password() -> String {
        let characters = Array("abcdefghjkmnpqrstuvwxyz23456789".utf8)
        let text = SecureRandom.bytes(16).map { characters[Int($0) % characters.count] }
        return stride(from: 0, to: 16, by: 4).map { String(decoding: text[$0..<($0 + 4)], as: UTF8.self) }.joined(
            separator: "-")
    }

    /// Starts the simulated bank, which ends with this process. Returns its process id; nil when it cannot be started.
    static func startBank(
        _ facts: DemoFacts, resources: String, publicURL: String, data: String, certificate: String
    ) -> Int32? {
        let program =
            URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path + "/vnpay-bank"
        guard FileManager.default.isExecutableFile(atPath: program) else { return nil }
        var arguments = [
            program, "--listen", facts.bank.address, "--terminal", facts.bank.terminal, "--ipn",
            publicURL + "/thanh-toan/vnpay/ipn", "--return-prefix", publicURL + "/thanh-toan/", "--resources",
            resources,
            "--journal", data + "/bank.jsonl",
        ]
        // A demonstration's certificate is usually its own authority.
        if !certificate.isEmpty { arguments += ["--authorities", certificate] }
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MOTCUA_") }
        environment["MOTCUA_BANK_SECRET"] = facts.bank.secret
        let words = arguments
        let settings = environment.map { "\($0.key)=\($0.value)" }
        // The parent-death signal belongs to the thread that forked: that thread must live as long as the program.
        let process = SpawnedProcess {
            withStrings(words) { arguments in
                withStrings(settings) { clinux_spawn_child(program, arguments, $0) }
            }
        }.start()
        return process > 0 ? process : nil
    }

    private static func withStrings<Result>(
        _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("the list ends with nil") }
            return body(base)
        }
    }
}

/// A thread that forks, and hands the process id to the one that waits for it.
private final class SpawnedProcess: Sendable {
    private let done = DispatchSemaphore(value: 0)
    private let process = Mutex<Int32>(-1)
    private let fork: @Sendable () -> Int32

    init(_ fork: @escaping @Sendable () -> Int32) { self.fork = fork }

    /// Forks on a thread that then sleeps for good. The process id, or a negative number.
    func start() -> Int32 {
        let holder = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { pointer in
                guard let pointer else { return nil }
                Unmanaged<SpawnedProcess>.fromOpaque(pointer).takeRetainedValue().run()
                while true { pause() }
            }, holder.toOpaque())
        guard status == 0 else {
            holder.release()
            return -1
        }
        pthread_detach(thread)
        done.wait()
        return process.withLock { $0 }
    }

    private func run() {
        let number = fork()
        process.withLock { $0 = number }
        done.signal()
    }
}
