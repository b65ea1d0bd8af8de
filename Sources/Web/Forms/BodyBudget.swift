import HTTPWire
import Platform
import Synchronization

/// Memory for content that must be whole before anybody can read it: JSON, forms, texts of multipart forms. Papers are not
/// counted, because they go to the disk as they arrive.
///
/// The first bytes of each body are free, so that ordinary forms are taken whatever others send. What comes beyond is taken
/// from one amount that all requests share, piece by piece as it arrives: whoever promises much and sends little holds
/// little. When nothing is left the request ends with `Overloaded`, which is a 503 with Retry-After.
public final class BodyBudget: Sendable {
    private let byteLimit: Int
    fileprivate let freeByteCount: Int
    private let taken = Atomic<Int>(0)

    /// `byteLimit` bytes for all bodies together, beyond the first `freeByteCount` of each.
    public init(byteLimit: Int = 64 << 20, freeByteCount: Int = 64 << 10) {
        self.byteLimit = byteLimit
        self.freeByteCount = freeByteCount
    }

    /// Bytes that are taken now.
    public var takenByteCount: Int { taken.load(ordering: .relaxed) }

    /// Runs `work`, which may hold content counted on its share; everything is given back when it ends, however it ends.
    /// Each byte counts `weight` times: what is made of it stays in memory beside it.
    public func withShare<Value>(
        weight: Int = 1, _ work: (BodyShare) async throws -> Value
    ) async throws -> Value {
        let share = BodyShare(self, weight: weight)
        defer { share.giveBack() }
        return try await work(share)
    }

    fileprivate func take(_ count: Int) throws(Overloaded) {
        guard taken.add(count, ordering: .relaxed).newValue <= byteLimit else {
            giveBack(count)
            throw Overloaded(queue: "bodies")
        }
    }

    fileprivate func giveBack(_ count: Int) {
        taken.subtract(count, ordering: .relaxed)
    }
}

/// What one request holds of a `BodyBudget`.
public final class BodyShare: Sendable {
    private struct State {
        var received = 0
        var taken = 0
    }

    private let budget: BodyBudget
    private let weight: Int
    private let state = Mutex(State())

    fileprivate init(_ budget: BodyBudget, weight: Int) {
        self.budget = budget
        self.weight = weight
    }

    /// Counts `count` bytes more. Throws `Overloaded` when the budget has not that many left; they must not be kept then.
    public func take(_ count: Int) throws(Overloaded) {
        try state.withLock { state throws(Overloaded) in
            let wanted = weight * max(0, state.received + count - budget.freeByteCount) - state.taken
            if wanted > 0 { try budget.take(wanted) }
            state.received += count
            state.taken += max(0, wanted)
        }
    }

    /// All of `body`, counted as it comes. Throws `BodyError.tooLarge` as soon as more than `limit` bytes have come, and
    /// `Overloaded` as `take` does.
    public func collect(_ body: RequestBody, upTo limit: Int) async throws -> [UInt8] {
        var all: [UInt8] = []
        while let piece = try await body.next() {
            guard all.count + piece.count <= limit else { throw BodyError.tooLarge(limit: limit) }
            try take(piece.count)
            all.append(contentsOf: piece)
        }
        return all
    }

    fileprivate func giveBack() {
        state.withLock { state in
            budget.giveBack(state.taken)
            state = State()
        }
    }
}
