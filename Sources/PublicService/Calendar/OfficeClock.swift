/// The calendar made ready for counting. Conventions: every rule numbered below is one of the office clock's
/// (Docs/decisions/0004-office-clock.md).
public struct OfficeClock: Sendable {
    private let sessions: [Range<Int>]
    private let sameDayUntil: Int
    private let holidays: [Int: String]
    private let swappedOff: Set<Int>
    private let swappedOn: Set<Int>
    private let known: ClosedRange<Int>

    /// nil when hours are not `HH:mm` in order, or no year is known, or years have gaps.
    public init?(_ calendar: WorkingCalendar) {
        var sessions: [Range<Int>] = []
        for session in calendar.sessions {
            guard let opens = OfficeClock.minute(session.opens), let closes = OfficeClock.minute(session.closes),
                opens < closes, sessions.last.map({ $0.upperBound <= opens }) ?? true
            else { return nil }
            sessions.append(opens..<closes)
        }
        let years = calendar.years.map(\.year).sorted()
        guard let first = years.first, let last = years.last, last - first == years.count - 1, !sessions.isEmpty,
            let sameDayUntil = OfficeClock.minute(calendar.sameDayUntil),
            let start = LocalDate(year: first, month: 1, day: 1), let end = LocalDate(year: last, month: 12, day: 31)
        else { return nil }
        self.sessions = sessions
        self.sameDayUntil = sameDayUntil
        known = start.dayNumber...end.dayNumber
        var holidays: [Int: String] = [:]
        for holiday in calendar.years.flatMap(\.holidays) { holidays[holiday.date.dayNumber] = holiday.name }
        self.holidays = holidays
        swappedOff = Set(calendar.years.flatMap(\.swaps).map(\.off.dayNumber))
        swappedOn = Set(calendar.years.flatMap(\.swaps).map(\.work.dayNumber))
    }

    private static func minute(_ text: String) -> Int? {
        LocalMinute("2000-01-01T" + text)?.minuteOfDay
    }

    /// Minutes of a working day.
    public var minutesPerDay: Int { sessions.map(\.count).reduce(0, +) }
    private var closing: Int { sessions.last?.upperBound ?? 0 }

    /// Rule 2: worked swaps, then swaps off and holidays, then Monday to Friday.
    public func isWorkingDay(_ date: LocalDate) -> Bool {
        if swappedOn.contains(date.dayNumber) { return true }
        if swappedOff.contains(date.dayNumber) || holidays[date.dayNumber] != nil { return false }
        return date.weekday <= 5
    }

    // MARK: Due moments

    /// When something received at `received` is due. Throws when it cannot be known.
    public func due(
        received: LocalMinute, quantity: Int, unit: ProcessingTime.Unit, pauses: [Pause] = []
    ) throws(CalendarRefusal) -> DueDate {
        guard quantity >= 1, quantity <= 100_000, unit != .sameDay || quantity == 1 else { throw .quantity }
        let merged = try merge(pauses)
        let start = try opening(from: received)
        var because: [DueReason] = [.starts(start, isMoved: start != received)]
        let due: LocalMinute
        switch unit {
        case .workingHour: due = try count(quantity * 60, from: start, merged, &because)
        case .workingDay: due = try count(quantity * minutesPerDay, from: start, merged, &because)
        case .sameDay: due = try sameDay(from: start, merged, &because)
        case .calendarDay, .other: due = try calendarDays(quantity, from: start, merged, &because)
        }
        because.append(.due(due))
        return DueDate(due: due, start: start, because: because)
    }

    /// Rule 4: a working minute starts there, anything else at the next opening.
    public func opening(from minute: LocalMinute) throws(CalendarRefusal) -> LocalMinute {
        var date = minute.date
        guard date.dayNumber >= known.lowerBound else { throw .beforeKnownYears(first: firstYear) }
        var earliest = minute.minuteOfDay
        while true {
            try checkKnown(date)
            if isWorkingDay(date), let session = sessions.first(where: { $0.upperBound > earliest }) {
                return LocalMinute(date, minute: max(earliest, session.lowerBound))
            }
            date = date.adding(days: 1)
            earliest = 0
        }
    }

    /// Rule 5: the earliest moment at which `minutes` working minutes have passed.
    private func count(
        _ minutes: Int, from start: LocalMinute, _ pauses: [Range<Int>], _ because: inout [DueReason]
    ) throws(CalendarRefusal) -> LocalMinute {
        var remaining = minutes
        var paused = 0
        var date = start.date
        while true {
            try checkKnown(date)
            note(date, &because)
            for stretch in stretches(of: date) {
                let open = max(stretch.lowerBound, start.number)
                guard open < stretch.upperBound else { continue }
                for part in subtract(pauses, from: open..<stretch.upperBound) {
                    if remaining <= part.count {
                        if paused > 0 { because.append(.paused(minutes: paused)) }
                        return LocalMinute(number: part.lowerBound + remaining)
                    }
                    remaining -= part.count
                }
                paused += overlap(pauses, with: open..<stretch.upperBound)
            }
            date = date.adding(days: 1)
        }
    }

    /// Rule 7: the budget is what lies between the start and that 17:00.
    private func sameDay(
        from start: LocalMinute, _ pauses: [Range<Int>], _ because: inout [DueReason]
    ) throws(CalendarRefusal) -> LocalMinute {
        var target = start.date
        if start.minuteOfDay > sameDayUntil {
            because.append(.afterSameDayHour)
            target = try opening(from: LocalMinute(start.date.adding(days: 1), minute: 0)).date
        }
        let budget = workingMinutes(from: start, to: LocalMinute(target, minute: closing))
        return try count(budget, from: start, pauses, &because)
    }

    /// Rule 6, with rule 8 for pauses: a day counts when the clock runs at its closing.
    private func calendarDays(
        _ quantity: Int, from start: LocalMinute, _ pauses: [Range<Int>], _ because: inout [DueReason]
    ) throws(CalendarRefusal) -> LocalMinute {
        func runs(_ date: LocalDate) -> Bool {
            let end = LocalMinute(date, minute: closing).number
            return !pauses.contains { $0.contains(end) }
        }
        var date = start.date
        var counted = 0
        while counted < quantity {
            date = date.adding(days: 1)
            try checkKnown(date)
            if runs(date) { counted += 1 }
        }
        let last = date
        while !isWorkingDay(date) || !runs(date) {
            note(date, &because)
            date = date.adding(days: 1)
            try checkKnown(date)
        }
        if date != last { because.append(.movedToWorkingDay) }
        return LocalMinute(date, minute: closing)
    }

    // MARK: Counting

    /// Working minutes in `[start, end)`; days beyond the known years count by weekday.
    public func workingMinutes(from start: LocalMinute, to end: LocalMinute) -> Int {
        guard start < end else { return 0 }
        var total = 0
        var date = start.date
        while date <= end.date {
            for stretch in stretches(of: date) {
                total += max(0, min(stretch.upperBound, end.number) - max(stretch.lowerBound, start.number))
            }
            date = date.adding(days: 1)
        }
        return total
    }

    /// Working days after the day of `now` up to and including the day of `due`.
    public func workingDaysLeft(now: LocalMinute, due: LocalMinute) -> Int {
        var count = 0
        var date = now.date.adding(days: 1)
        while date <= due.date {
            if isWorkingDay(date) { count += 1 }
            date = date.adding(days: 1)
        }
        return count
    }

    /// How close a deadline is.
    public func nearness(now: Instant, due: Instant) -> Nearness {
        let (now, due) = (LocalMinute(now), LocalMinute(due))
        if now > due {
            // The day of the deadline itself counts as the first day late once its hour has passed.
            return .overdue(days: max(1, workingDaysLeft(now: due, due: now)))
        }
        return now.date == due.date ? .today : .left(workingDays: workingDaysLeft(now: now, due: due))
    }

    private func stretches(of date: LocalDate) -> [Range<Int>] {
        guard isWorkingDay(date) else { return [] }
        let base = date.dayNumber * 1440
        return sessions.map { (base + $0.lowerBound)..<(base + $0.upperBound) }
    }

    private func merge(_ pauses: [Pause]) throws(CalendarRefusal) -> [Range<Int>] {
        var merged: [Range<Int>] = []
        var ranges: [Range<Int>] = []
        for pause in pauses {
            let (start, end) = (LocalMinute(pause.start).number, LocalMinute(pause.end).number)
            guard start <= end else { throw .pauseEndsBeforeItStarts }
            ranges.append(start..<end)
        }
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, last.upperBound >= range.lowerBound {
                merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        return merged
    }

    /// `range` without `pauses`, which are merged and in order.
    private func subtract(_ pauses: [Range<Int>], from range: Range<Int>) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        var start = range.lowerBound
        for pause in pauses where pause.upperBound > start && pause.lowerBound < range.upperBound {
            if pause.lowerBound > start { parts.append(start..<pause.lowerBound) }
            start = max(start, pause.upperBound)
        }
        if start < range.upperBound { parts.append(start..<range.upperBound) }
        return parts
    }

    private func overlap(_ pauses: [Range<Int>], with range: Range<Int>) -> Int {
        pauses.map { max(0, min($0.upperBound, range.upperBound) - max($0.lowerBound, range.lowerBound)) }.reduce(0, +)
    }

    private func note(_ date: LocalDate, _ because: inout [DueReason]) {
        if swappedOn.contains(date.dayNumber) { because.append(.swappedOn(date)) }
        if let name = holidays[date.dayNumber], date.weekday <= 5 { because.append(.holiday(date, name: name)) }
        if swappedOff.contains(date.dayNumber) { because.append(.swappedOff(date)) }
    }

    private func checkKnown(_ date: LocalDate) throws(CalendarRefusal) {
        guard date.dayNumber <= known.upperBound else {
            throw .beyondKnownYears(last: LocalDate(dayNumber: known.upperBound).year)
        }
    }

    private var firstYear: Int { LocalDate(dayNumber: known.lowerBound).year }
}

/// How close a deadline is, for badges.
public enum Nearness: Sendable, Hashable {
    /// This many working days are left.
    case left(workingDays: Int)
    /// Due today.
    case today
    /// Late by this many working days.
    case overdue(days: Int)
}
