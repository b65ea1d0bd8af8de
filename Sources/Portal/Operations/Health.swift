import HTTPWire
import Platform
import PublicService
import Synchronization
import Web

/// Whether the program is well: for proxies and people who watch.
extension Portal {
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

/// Counts of what was answered, as Prometheus text.
public final class RequestMetrics: Sendable {
    private struct Key: Hashable {
        let listener: String
        let method: String
        let status: Int
    }
    private let counts = Mutex<[Key: (count: Int, bytes: Int64, microseconds: UInt64)]>([:])

    /// Nothing counted yet.
    public init() {}

    /// Adds one exchange. Methods beyond the common ones are counted as `other`, so that strangers cannot grow the table.
    public func record(listener: String, method: String, status: Int, bytes: Int64, microseconds: UInt64) {
        let known = ["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"].contains(method) ? method : "other"
        counts.withLock { counts in
            let key = Key(listener: listener, method: known, status: status)
            let old = counts[key] ?? (0, 0, 0)
            counts[key] = (old.count + 1, old.bytes + bytes, old.microseconds + microseconds)
        }
    }

    /// The exposition format, version 0.0.4; `gauges` are added by name.
    func text(gauges: [(String, Int)]) -> String {
        var lines = ["# TYPE motcua_requests_total counter"]
        let rows = counts.withLock { $0 }.sorted {
            ($0.key.listener, $0.key.method, $0.key.status) < ($1.key.listener, $1.key.method, $1.key.status)
        }
        func labels(_ key: Key) -> String {
            "{listener=\"\(key.listener)\",method=\"\(key.method)\",status=\"\(key.status)\"}"
        }
        lines += rows.map { "motcua_requests_total\(labels($0.key)) \($0.value.count)" }
        lines.append("# TYPE motcua_response_bytes_total counter")
        lines += rows.map { "motcua_response_bytes_total\(labels($0.key)) \($0.value.bytes)" }
        lines.append("# TYPE motcua_request_seconds_total counter")
        lines += rows.map { "motcua_request_seconds_total\(labels($0.key)) \(Double($0.value.microseconds) / 1e6)" }
        for (name, value) in gauges { lines += ["# TYPE \(name) gauge", "\(name) \(value)"] }
        return lines.joined(separator: "\n") + "\n"
    }
}
