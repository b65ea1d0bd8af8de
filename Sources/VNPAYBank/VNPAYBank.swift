import ArgumentParser
import BankSimulator
import CLinux
import Dispatch
import FoundationEssentials
import Gateways
import Glibc
import Logging
import Platform
import PublicService
import SocketServer

/// A bank for demonstrations and tests: a program of its own that speaks VNPAY 2.1.0 to a portal.
@main
struct VNPAYBank: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vnpay-bank",
        abstract: "A simulated bank that speaks VNPAY 2.1.0. The secret comes in MOTCUA_BANK_SECRET.")

    @Option(help: "ADDRESS:PORT.")
    var listen = "127.0.0.1:8083"
    @Option(help: "The merchant's vnp_TmnCode.")
    var terminal: String
    @Option(help: "The merchant's address for the server's call.")
    var ipn: String
    @Option(help: "Browsers are sent back only to addresses that begin so.")
    var returnPrefix: String
    @Option(help: "Where Templates, Public and Catalogue lie.")
    var resources = "."
    @Option(help: "A file for JSON lines of what happened.")
    var journal: String?
    @Option(help: "A PEM file of certificates to believe at the merchant, instead of the system's.")
    var authorities: String?
    @Option(help: "Seconds between two calls to a merchant that does not answer.")
    var retrySeconds = 2.0

    private struct Clock: WallClock {
        func now() -> Instant {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Instant(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
        }
    }

    func run() async throws {
        guard let secret = ProcessInfo.processInfo.environment["MOTCUA_BANK_SECRET"], secret.utf8.count >= 16 else {
            throw ValidationError("MOTCUA_BANK_SECRET must hold at least 16 characters")
        }
        guard let address = SocketAddress(listen) else { throw ValidationError("--listen: ADDRESS:PORT") }
        guard (0.1...600).contains(retrySeconds) else { throw ValidationError("--retry-seconds: 0.1 to 600") }
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        let words = try decoder.decode(
            [String: String].self, from: Data(contentsOf: URL(filePath: resources + "/Catalogue/bank.json5")))
        let descriptor = journal.map { open($0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600) } ?? -1
        let site = try BankSite(
            Bank(terminal: terminal, secret: secret, returnPrefix: returnPrefix), ipnAddress: ipn,
            returnPrefix: returnPrefix,
            resources: resources, words: words, clock: Clock(), retrySeconds: retrySeconds,
            client: HTTPClient(
                queue: WorkQueue(name: "merchant", width: 4, backlogLimit: 256), authorities: authorities)
        ) { line in
            let bytes = Array((line + "\n").utf8)
            if descriptor >= 0 { _ = write(descriptor, bytes, bytes.count) }
        }
        let server = try Server(
            listeners: [Listener(name: "bank", address: address, responder: site.site())], loops: 1,
            logger: Logger(label: "bank"))
        try server.start()
        print("listening on \(server.boundAddresses[0])")
        fflush(nil)
        // Whoever started it may end it; SIGTERM's default action is right for a simulator that keeps nothing.
        while true { try await Task.sleep(for: .seconds(3600)) }
    }
}
