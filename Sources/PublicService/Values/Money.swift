/// An amount in whole dong; never negative.
public struct Money: Hashable, Comparable, Codable, Sendable {
    /// Dong.
    public let dong: Int64

    /// Traps below zero: amounts are made by the fee table, never by people.
    public init(dong: Int64) {
        precondition(dong >= 0, "negative amount")
        self.dong = dong
    }

    /// Nothing to pay.
    public static let zero = Money(dong: 0)

    /// The sum.
    public static func + (left: Money, right: Money) -> Money { Money(dong: left.dong + right.dong) }

    /// `count` times the amount.
    public static func * (amount: Money, count: Int) -> Money { Money(dong: amount.dong * Int64(count)) }

    /// Less is less.
    public static func < (left: Money, right: Money) -> Bool { left.dong < right.dong }

    /// Encodes as one number.
    public init(from decoder: any Decoder) throws {
        let dong = try decoder.singleValueContainer().decode(Int64.self)
        guard dong >= 0 else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "negative amount"))
        }
        self.dong = dong
    }

    /// Encodes as one number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(dong)
    }
}
