/// The office's days and hours, administered as data in `Catalogue/calendar.json5`: swapped days are announced late and
/// can never be computed.
public struct WorkingCalendar: Sendable, Hashable, Codable {
    /// One session of office hours; the opening belongs to it, the closing does not.
    public struct Session: Sendable, Hashable, Codable {
        /// `HH:mm`.
        public var opens: String
        /// `HH:mm`.
        public var closes: String
    }

    /// A day off.
    public struct Holiday: Sendable, Hashable, Codable {
        /// The day.
        public var date: LocalDate
        /// Its name.
        public var name: String
    }

    /// A day off that is worked on another day.
    public struct Swap: Sendable, Hashable, Codable {
        /// Not worked.
        public var off: LocalDate
        /// Worked instead, although a rest day.
        public var work: LocalDate
    }

    /// One year's announcement.
    public struct Year: Sendable, Hashable, Codable {
        /// The year.
        public var year: Int
        /// `announced` or `projection`.
        public var status: String
        /// Days off, compensatory ones listed too.
        public var holidays: [Holiday]
        /// Swapped days.
        public var swaps: [Swap]
        /// Where the facts come from.
        public var sources: [String]
    }

    /// Office hours of a working day, in order.
    public var sessions: [Session]
    /// A same-day dossier that starts after this (`HH:mm`) is due the next working day.
    public var sameDayUntil: String
    /// Known years, without gaps.
    public var years: [Year]
}

/// A question to the calendar that it does not answer.
public enum CalendarRefusal: Error, Sendable, Hashable {
    /// The quantity is not 1 or more (for the same day: not 1).
    case quantity
    /// The period runs past the years that are known.
    case beyondKnownYears(last: Int)
    /// The received moment lies before the years that are known.
    case beforeKnownYears(first: Int)
    /// A pause ends before it starts.
    case pauseEndsBeforeItStarts
}

/// A time in which the clock stands, from its first minute up to but without its last.
public struct Pause: Sendable, Hashable, Codable {
    /// First minute that does not count.
    public var start: Instant
    /// First minute that counts again.
    public var end: Instant

    /// Names a pause.
    public init(start: Instant, end: Instant) {
        self.start = start
        self.end = end
    }
}

/// Why a due moment is what it is: shown to people as sentences.
public enum DueReason: Sendable, Hashable {
    /// The clock starts here; `isMoved` when the arrival lay outside office hours.
    case starts(LocalMinute, isMoved: Bool)
    /// A holiday that does not count.
    case holiday(LocalDate, name: String)
    /// Off by swap.
    case swappedOff(LocalDate)
    /// Worked by swap.
    case swappedOn(LocalDate)
    /// This many working minutes were paused.
    case paused(minutes: Int)
    /// A same-day dossier came too late for its day.
    case afterSameDayHour
    /// The last calendar day was a rest day.
    case movedToWorkingDay
    /// The end.
    case due(LocalMinute)
}

/// The answer.
public struct DueDate: Sendable, Hashable {
    /// When it is due.
    public let due: LocalMinute
    /// When the clock started.
    public let start: LocalMinute
    /// Why, in order.
    public let because: [DueReason]
}
