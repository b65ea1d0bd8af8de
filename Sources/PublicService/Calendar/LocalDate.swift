/// A day of the Gregorian calendar, as Vietnam counts it (UTC+7, no summer time).
public struct LocalDate: Hashable, Comparable, Codable, Sendable, CustomStringConvertible {
    /// Days since 1970-01-01.
    public let dayNumber: Int

    /// Names a day.
    public init(dayNumber: Int) {
        self.dayNumber = dayNumber
    }

    /// nil unless the day exists, between 1800 and 2200.
    public init?(year: Int, month: Int, day: Int) {
        guard (1800...2200).contains(year), (1...12).contains(month), (1...31).contains(day) else { return nil }
        // Civil date to day number in eras of 400 years (146 097 days).
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let number = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        self.init(dayNumber: number)
        guard self.year == year, self.month == month, self.day == day else { return nil }
    }

    /// Reads `yyyy-MM-dd`.
    public init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count == 4, parts[1].count == 2, parts[2].count == 2,
            let year = digits(parts[0]), let month = digits(parts[1]), let day = digits(parts[2])
        else { return nil }
        self.init(year: year, month: month, day: day)
    }

    private var civil: (year: Int, month: Int, day: Int) {
        let shifted = dayNumber + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    /// The year.
    public var year: Int { civil.year }
    /// 1 … 12.
    public var month: Int { civil.month }
    /// 1 … 31.
    public var day: Int { civil.day }
    /// 1 (Monday) … 7 (Sunday).
    public var weekday: Int { (dayNumber + 3) % 7 + 1 }
    /// `yyyy-MM-dd`.
    public var description: String { "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))" }
    /// `yyyy-MM`, the month that it lies in.
    public var monthText: String { "\(padded(year, 4))-\(padded(month, 2))" }
    /// `dd/MM/yyyy`, as people read it.
    public var shown: String { "\(padded(day, 2))/\(padded(month, 2))/\(padded(year, 4))" }
    /// `yyMMdd`, for dossier codes.
    public var compact: String { "\(padded(year % 100, 2))\(padded(month, 2))\(padded(day, 2))" }

    /// The day `days` later.
    public func adding(days: Int) -> LocalDate { LocalDate(dayNumber: dayNumber + days) }

    /// Earlier is less.
    public static func < (left: LocalDate, right: LocalDate) -> Bool { left.dayNumber < right.dayNumber }

    /// Reads `yyyy-MM-dd`.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let date = LocalDate(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "no date: \(text)"))
        }
        self = date
    }

    /// Writes `yyyy-MM-dd`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// A minute on the office's clock: seconds are cut off, never rounded.
public struct LocalMinute: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Minutes since 1970-01-01T00:00 local time.
    public let number: Int

    /// Names a minute.
    public init(number: Int) {
        self.number = number
    }

    /// Minute `minute` (0 … 1439) of `date`.
    public init(_ date: LocalDate, minute: Int) {
        number = date.dayNumber * 1440 + minute
    }

    /// The minute that holds `instant`.
    public init(_ instant: Instant) {
        let seconds = instant.seconds + 7 * 3600
        number = Int(seconds >= 0 ? seconds / 60 : (seconds - 59) / 60)
    }

    /// Reads `yyyy-MM-ddTHH:mm` or `yyyy-MM-ddTHH:mm:ss`, local time.
    public init?(_ text: String) {
        let parts = text.split(separator: "T", omittingEmptySubsequences: false)
        guard parts.count == 2, let date = LocalDate(String(parts[0])) else { return nil }
        let clock = parts[1].utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard (2...3).contains(clock.count), clock.allSatisfy({ $0.count == 2 }), let hour = digits(clock[0]),
            let minute = digits(clock[1]), hour < 24, minute < 60
        else { return nil }
        if clock.count == 3 {
            guard let second = digits(clock[2]), second < 60 else { return nil }
        }
        self.init(date, minute: hour * 60 + minute)
    }

    /// The beginning of the minute.
    public var instant: Instant { Instant(seconds: Int64(number) * 60 - 7 * 3600) }
    /// The day.
    public var date: LocalDate { LocalDate(dayNumber: number >= 0 ? number / 1440 : (number - 1439) / 1440) }
    /// 0 … 1439.
    public var minuteOfDay: Int { number - date.dayNumber * 1440 }
    /// `HH:mm`.
    public var clock: String { "\(padded(minuteOfDay / 60, 2)):\(padded(minuteOfDay % 60, 2))" }
    /// `yyyy-MM-ddTHH:mm:ss+07:00`.
    public var description: String { "\(date)T\(clock):00+07:00" }

    /// Earlier is less.
    public static func < (left: LocalMinute, right: LocalMinute) -> Bool { left.number < right.number }
}

func digits(_ bytes: some Sequence<UInt8>) -> Int? {
    var value = 0
    var count = 0
    for byte in bytes {
        guard isDigit(byte), count < 9 else { return nil }
        value = value * 10 + Int(byte - 48)
        count += 1
    }
    return count > 0 ? value : nil
}

func padded(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
}
