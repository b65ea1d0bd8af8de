import Glibc
import Portal
import SocketServer
import Store
import Synchronization
import Web

/// What the program does with every exchange: a line in the log, and a count.
struct Observers: ExchangeObserver {
    let log: AccessLog
    let metrics: ServerMetrics

    func exchangeFinished(_ record: ExchangeRecord) {
        log.exchangeFinished(record)
        metrics.exchangeFinished(record)
    }
}

/// Everything that `/metrics` shows, put together at each scrape.
final class ProgramMetrics: Sendable {
    private let startedAt = Int64(time(nil))
    private let sources = Mutex<(store: Store, portal: Portal, exchanges: ServerMetrics, server: Server)?>(nil)

    /// What is known only after everything was made.
    func set(store: Store, portal: Portal, exchanges: ServerMetrics, server: Server) {
        sources.withLock { $0 = (store, portal, exchanges, server) }
    }

    func text() -> String {
        var text = MetricsText(prefix: "motcua_")
        guard let sources = sources.withLock({ $0 }) else { return text.text }
        sources.exchanges.write(to: &text)
        sources.server.write(to: &text)
        text.family("queue_depth", .gauge, "Work that waits or runs beside the event loops.")
        for (name, depth) in sources.store.queueDepths + sources.portal.queueDepths {
            text.sample("queue_depth", [("queue", name)], Double(depth))
        }
        text.single(
            "store_commits_total", .counter, "Transactions on the disk since the start.",
            Double(sources.store.commitCount))
        text.single(
            "data_free_bytes", .gauge, "Free space on the disk of the data folder.",
            Double(sources.store.folder.freeBytes))
        var process = MetricsText(prefix: "process_")
        process.single(
            "start_time_seconds", .gauge, "When the program started, in seconds since 1970.", Double(startedAt))
        process.single(
            "cpu_seconds_total", .counter, "Processor time, in the program and in the kernel.", cpuSeconds)
        process.single("resident_memory_bytes", .gauge, "Memory in use.", residentBytes)
        return text.text + process.text
    }

    private var cpuSeconds: Double {
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    }

    /// The second number of /proc/self/statm, in pages (proc(5)).
    private var residentBytes: Double {
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = read(file, &bytes, bytes.count)
        guard count > 0 else { return 0 }
        let numbers = String(decoding: bytes[..<count], as: UTF8.self).split(separator: " ")
        return numbers.count > 1 ? (Double(numbers[1]) ?? 0) * Double(getpagesize()) : 0
    }
}

extension Router {
    /// What its exchanges are counted by.
    var countedRoutes: [(method: String, path: String)] {
        routes.map { ($0.method.name, $0.pattern.description) }
    }
}
