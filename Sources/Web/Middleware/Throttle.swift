import Synchronization

/// Token buckets by key: each key may do `burst` things at once and then one every `secondsPerToken`. Bounded: when
/// more keys are known than allowed, those that are full again are forgotten, then the one idle longest.
public final class Throttle: Sendable {
    private struct Bucket {
        var tokens: Double
        var filledAt: Double
    }

    private let burst: Double
    private let secondsPerToken: Double
    private let keyLimit: Int
    private let now: @Sendable () -> Double
    private let buckets = Mutex<[String: Bucket]>([:])

    /// `now` gives seconds on a clock that never goes back.
    public init(
        burst: Int, secondsPerToken: Double, keyLimit: Int = 100_000, now: @escaping @Sendable () -> Double
    ) {
        precondition(burst > 0 && secondsPerToken > 0 && keyLimit > 0, "a throttle that lets nothing pass")
        self.burst = Double(burst)
        self.secondsPerToken = secondsPerToken
        self.keyLimit = keyLimit
        self.now = now
    }

    /// Takes one token of `key`. nil when there was one; else the whole seconds until there will be.
    public func take(_ key: String) -> Int? {
        let time = now()
        return buckets.withLock { buckets in
            var bucket = filled(buckets[key] ?? Bucket(tokens: burst, filledAt: time), at: time)
            let wait = bucket.tokens >= 1 ? nil : Int(((1 - bucket.tokens) * secondsPerToken).rounded(.up))
            if wait == nil { bucket.tokens -= 1 }
            if buckets[key] == nil, buckets.count >= keyLimit { makeRoom(&buckets, time) }
            buckets[key] = bucket
            return wait
        }
    }

    /// Takes a token, or throws 429 with Retry-After.
    public func require(_ key: String) throws(Refused) {
        if let seconds = take(key) {
            throw Refused(.tooManyRequests, "throttled", retryAfterSeconds: max(seconds, 1))
        }
    }

    /// Forgets a key: after a success, failures no longer count.
    public func forget(_ key: String) {
        buckets.withLock { $0[key] = nil }
    }

    /// Keys known now.
    public var keyCount: Int { buckets.withLock { $0.count } }

    private func filled(_ bucket: Bucket, at time: Double) -> Bucket {
        let gained = max(0, time - bucket.filledAt) / secondsPerToken
        return Bucket(tokens: min(burst, bucket.tokens + gained), filledAt: time)
    }

    /// Drops an eighth at least, so that the walk over all keys is paid for by as many new ones.
    private func makeRoom(_ buckets: inout [String: Bucket], _ time: Double) {
        let target = keyLimit - max(1, keyLimit / 8)
        buckets = buckets.filter { filled($0.value, at: time).tokens < burst }
        guard buckets.count > target else { return }
        let oldest = buckets.sorted { $0.value.filledAt < $1.value.filledAt }.prefix(buckets.count - target)
        for (key, _) in oldest { buckets[key] = nil }
    }
}
