import Synchronization

/// How long the turns of one event loop take: whatever stands still in one turn waits for all of it. Written by the loop,
/// read by a scrape.
final class LoopGauges: Sendable {
    /// Upper bounds of a turn's duration, in microseconds.
    static let bounds: [UInt64] = [100, 1_000, 10_000, 100_000, 1_000_000]

    private let busy = Atomic<UInt64>(0)
    private let buckets: [Counter]

    private final class Counter: Sendable {
        let count = Atomic<UInt64>(0)
    }

    init() { buckets = (0...LoopGauges.bounds.count).map { _ in Counter() } }

    func turned(microseconds: UInt64) {
        busy.add(microseconds, ordering: .relaxed)
        let index = LoopGauges.bounds.firstIndex { microseconds <= $0 } ?? LoopGauges.bounds.count
        buckets[index].count.add(1, ordering: .relaxed)
    }

    var microseconds: UInt64 { busy.load(ordering: .relaxed) }
    var counts: [UInt64] { buckets.map { $0.count.load(ordering: .relaxed) } }
}
