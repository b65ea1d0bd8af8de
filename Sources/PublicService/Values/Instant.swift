/// A moment, in whole milliseconds since 1970-01-01T00:00:00Z. Nothing in this room asks what time it is: moments come in.
public struct Instant: Hashable, Comparable, Codable, Sendable {
    /// Milliseconds since the epoch.
    public let milliseconds: Int64

    /// Names a moment.
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// A moment of whole seconds.
    public init(seconds: Int64) {
        self.milliseconds = seconds * 1000
    }

    /// Whole seconds since the epoch, rounded down.
    public var seconds: Int64 { milliseconds >= 0 ? milliseconds / 1000 : (milliseconds - 999) / 1000 }

    /// The moment `seconds` later (or earlier when negative).
    public func adding(seconds: Int64) -> Instant { Instant(milliseconds: milliseconds + seconds * 1000) }

    /// Earlier is less.
    public static func < (left: Instant, right: Instant) -> Bool { left.milliseconds < right.milliseconds }

    /// Encodes as one number.
    public init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    /// Encodes as one number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}

/// The clock that hands and face ask; tests move their own.
public protocol WallClock: Sendable {
    /// The present moment.
    func now() -> Instant
}
