import HTTPWire
import Platform
import PublicService
import Web

/// Whether the program is well: for proxies and people who watch.
extension Portal {
    /// Answered even when the server is full.
    public static let healthPaths: Set<String> = ["/healthz", "/readyz"]

    /// Work that waits in the portal's own queues.
    public var queueDepths: [(name: String, depth: Int)] { [(passwords.name, passwords.depth)] }

    func addHealth(to routes: inout Routes) {
        routes.getReady("/healthz") { [self] _ in
            isTurning.isGood ? .text("ok\n") : .text("a loop does not turn\n", .serviceUnavailable)
        }
        routes.get("/readyz") { [self] _ in
            guard isTurning.isGood else { return .text("a loop does not turn\n", .serviceUnavailable) }
            // A clock before this program was written is wrong, and deadlines with it.
            guard today > LocalDate(dayNumber: 20_700) else { return .text("the clock is off\n", .serviceUnavailable) }
            guard await store.canWrite() else { return .text("the store cannot write\n", .serviceUnavailable) }
            return .text("ready\n")
        }
    }
}
