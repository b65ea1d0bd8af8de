import Glibc

/// Time that never goes back: for deadlines and durations only.
enum MonotonicClock {
    static func microseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
    }

    static func milliseconds() -> UInt64 { microseconds() / 1000 }
}
