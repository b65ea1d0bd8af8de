import HTTPWire
import Synchronization

/// Counts of exchanges by route and status, with their durations, as Prometheus text. Each loop counts for itself; a scrape
/// adds up.
public final class ServerMetrics: ExchangeObserver {
    /// Upper bounds of the duration buckets, in microseconds.
    static let bounds: [UInt64] = [
        100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000,
    ]

    private struct RouteCounts {
        /// Few statuses a route: a list is faster than a table.
        var byStatus: [(status: Int, count: UInt64)] = []
        var byteCount: Int64 = 0
        var microseconds: UInt64 = 0
        /// One more than `bounds`: the last is for everything above.
        var buckets: [UInt64] = []

        mutating func add(_ record: ExchangeRecord) {
            if let index = byStatus.firstIndex(where: { $0.status == record.status.code }) {
                byStatus[index].count += 1
            } else {
                byStatus.append((record.status.code, 1))
            }
            byteCount += record.byteCount
            microseconds += record.microseconds
            if buckets.isEmpty { buckets = [UInt64](repeating: 0, count: ServerMetrics.bounds.count + 1) }
            buckets[ServerMetrics.bounds.firstIndex { record.microseconds <= $0 } ?? ServerMetrics.bounds.count] += 1
        }

        mutating func add(_ other: RouteCounts) {
            for (status, count) in other.byStatus {
                if let index = byStatus.firstIndex(where: { $0.status == status }) {
                    byStatus[index].count += count
                } else {
                    byStatus.append((status, count))
                }
            }
            byteCount += other.byteCount
            microseconds += other.microseconds
            guard !other.buckets.isEmpty else { return }
            buckets = buckets.isEmpty ? other.buckets : zip(buckets, other.buckets).map { $0 + $1 }
        }
    }

    private struct Counts {
        /// By listener, then by route; the first is for requests that no route answers.
        var routes: [[RouteCounts]]
        /// By listener, then by the reason, of which the program has a few dozen.
        var refusals: [[String: UInt64]]
    }

    private final class Shard: Sendable {
        let counts: Mutex<Counts>
        init(_ counts: sending Counts) { self.counts = Mutex(counts) }
    }

    /// A listener whose exchanges are counted.
    public struct Listener: Sendable {
        let name: String
        let routes: [(method: String, path: String)]

        /// `routes` in the order of their numbers (`RequestHead.route`).
        public init(name: String, routes: [(method: String, path: String)]) {
            self.name = name
            self.routes = routes
        }
    }

    private let listeners: [Listener]
    private let shards: [Shard]

    /// `listeners` in the server's order.
    public init(_ listeners: [Listener]) {
        self.listeners = listeners
        shards = (0..<64).map { _ in
            Shard(
                Counts(
                    routes: listeners.map { [RouteCounts](repeating: RouteCounts(), count: $0.routes.count + 1) },
                    refusals: listeners.map { _ in [:] }))
        }
    }

    /// Adds one.
    public func exchangeFinished(_ record: ExchangeRecord) {
        shards[record.loop & 63].counts.withLock { counts in
            let listener = record.listenerNumber
            guard counts.routes.indices.contains(listener) else { return }
            let route = record.head.route + 1
            counts.routes[listener][counts.routes[listener].indices.contains(route) ? route : 0].add(record)
            if let refusal = record.refusal { counts.refusals[listener][refusal.reason, default: 0] += 1 }
        }
    }

    /// Adds what was counted to `text`.
    public func write(to text: inout MetricsText) {
        var total = Counts(
            routes: listeners.map { [RouteCounts](repeating: RouteCounts(), count: $0.routes.count + 1) },
            refusals: listeners.map { _ in [:] })
        for shard in shards {
            shard.counts.withLock { counts in
                for listener in listeners.indices {
                    for route in counts.routes[listener].indices {
                        total.routes[listener][route].add(counts.routes[listener][route])
                    }
                    total.refusals[listener].merge(counts.refusals[listener]) { $0 + $1 }
                }
            }
        }
        write(total, to: &text)
    }

    private func write(_ counts: Counts, to text: inout MetricsText) {
        var rows: [(labels: [(String, String)], counts: RouteCounts)] = []
        for (number, listener) in listeners.enumerated() {
            let names = [(method: "", path: "")] + listener.routes
            for (name, route) in zip(names, counts.routes[number]) where !route.byStatus.isEmpty {
                rows.append(
                    ([("listener", listener.name), ("method", name.method), ("route", name.path)], route))
            }
        }
        text.family("http_requests_total", .counter, "Requests by route and status.")
        for (labels, route) in rows {
            for (status, count) in route.byStatus.sorted(by: { $0.status < $1.status }) {
                text.sample("http_requests_total", labels + [("status", String(status))], Double(count))
            }
        }
        text.family("http_response_bytes_total", .counter, "Bytes of heads and contents by route.")
        for (labels, route) in rows { text.sample("http_response_bytes_total", labels, Double(route.byteCount)) }
        text.family("http_request_duration_seconds", .histogram, "From the complete head to the complete answer.")
        for (labels, route) in rows {
            text.histogram(
                "http_request_duration_seconds", labels, bounds: ServerMetrics.bounds, counts: route.buckets,
                microseconds: route.microseconds)
        }
        text.family("http_refusals_total", .counter, "Messages that the server itself refused, by reason.")
        for (number, listener) in listeners.enumerated() {
            for (reason, count) in counts.refusals[number].sorted(by: { $0.key < $1.key }) {
                text.sample("http_refusals_total", [("listener", listener.name), ("reason", reason)], Double(count))
            }
        }
    }
}
