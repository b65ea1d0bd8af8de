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
        var buckets = InlineArray<15, UInt64>(repeating: 0)

        mutating func add(_ record: ExchangeRecord) {
            add(1, of: record.statusCode)
            byteCount += record.byteCount
            microseconds += record.microseconds
            buckets[ServerMetrics.bounds.firstIndex { record.microseconds <= $0 } ?? ServerMetrics.bounds.count] += 1
        }

        mutating func add(_ other: RouteCounts) {
            for (status, count) in other.byStatus { add(count, of: status) }
            byteCount += other.byteCount
            microseconds += other.microseconds
            for bucket in buckets.indices { buckets[bucket] += other.buckets[bucket] }
        }

        @inline(__always)
        private mutating func add(_ count: UInt64, of status: Int) {
            for index in byStatus.indices where byStatus[index].status == status {
                byStatus[index].count += count
                return
            }
            byStatus.append((status, count))
        }
    }

    /// What one loop counts.
    private struct Counts: ~Copyable, @unchecked Sendable {
        // Guard: the memory belongs to this value alone, which cannot be copied.
        /// The routes of all listeners, each after one for requests that no route answers.
        let routes: UnsafeMutableBufferPointer<RouteCounts>
        /// By listener, then by the reason, of which the program has a few dozen.
        var refusals: [[String: UInt64]]

        init(routes count: Int, listeners: Int) {
            routes = .allocate(capacity: count)
            routes.initialize(repeating: RouteCounts())
            refusals = [[String: UInt64]](repeating: [:], count: listeners)
        }

        deinit {
            routes.deinitialize()
            routes.deallocate()
        }
    }

    /// Counts of one loop, apart from those of the next in the processor's caches.
    private struct Shard: ~Copyable {
        let counts: Mutex<Counts>
        private let padding = InlineArray<8, UInt64>(repeating: 0)

        init(_ counts: consuming sending Counts) { self.counts = Mutex(counts) }
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
    /// Where the routes of each listener begin, and where the last ones end.
    private let starts: [Int]
    private let shards: InlineArray<64, Shard>

    /// `listeners` in the server's order.
    public init(_ listeners: [Listener]) {
        self.listeners = listeners
        var starts = [0]
        for listener in listeners { starts.append((starts.last ?? 0) + listener.routes.count + 1) }
        self.starts = starts
        let count = starts.last ?? 0
        shards = InlineArray { _ in Shard(Counts(routes: count, listeners: listeners.count)) }
    }

    /// Adds one.
    public func exchangeFinished(_ record: ExchangeRecord) {
        let listener = record.listenerNumber
        guard listener >= 0, listener + 1 < starts.count else { return }
        let start = starts[listener]
        let own = start + 1 + record.head.route
        let place = own > start && own < starts[listener + 1] ? own : start
        shards[record.loop & 63].counts.withLock { counts in
            // By a name of its own: the compiler's thread sanitizer fails on a change through a value that cannot be copied.
            let routes = counts.routes
            routes[place].add(record)
            if let refusal = record.refusal { counts.refusals[listener][refusal.reason, default: 0] += 1 }
        }
    }

    /// Adds what was counted to `text`.
    public func write(to text: inout MetricsText) {
        var total = Counts(routes: starts.last ?? 0, listeners: listeners.count)
        for number in shards.indices {
            shards[number].counts.withLock { counts in
                let sums = total.routes
                for place in sums.indices { sums[place].add(counts.routes[place]) }
                for listener in listeners.indices {
                    total.refusals[listener].merge(counts.refusals[listener]) { $0 + $1 }
                }
            }
        }
        write(total, to: &text)
    }

    private func write(_ counts: borrowing Counts, to text: inout MetricsText) {
        var rows: [(labels: [(String, String)], counts: RouteCounts)] = []
        for (number, listener) in listeners.enumerated() {
            let names = [(method: "", path: "")] + listener.routes
            for (name, route) in zip(names, counts.routes[starts[number]...]) where !route.byStatus.isEmpty {
                rows.append(([("listener", listener.name), ("method", name.method), ("route", name.path)], route))
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
                "http_request_duration_seconds", labels, bounds: ServerMetrics.bounds,
                counts: route.buckets.indices.map { route.buckets[$0] }, microseconds: route.microseconds)
        }
        text.family("http_refusals_total", .counter, "Messages that the server itself refused, by reason.")
        for (number, listener) in listeners.enumerated() {
            for (reason, count) in counts.refusals[number].sorted(by: { $0.key < $1.key }) {
                text.sample("http_refusals_total", [("listener", listener.name), ("reason", reason)], Double(count))
            }
        }
    }
}
