import Foundation
import Testing

@testable import PublicService

/// The real calendar of `Catalogue/calendar.json5`.
func realClock() throws -> OfficeClock {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Catalogue/calendar.json5")
    let decoder = JSONDecoder()
    decoder.allowsJSON5 = true
    let calendar = try decoder.decode(WorkingCalendar.self, from: Data(contentsOf: file))
    return try #require(OfficeClock(calendar))
}

@Suite struct OfficeClockTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let received: String
        let quantity: Int
        let unit: ProcessingTime.Unit
        var pauses: [(String, String)] = []
        let due: String
        var testDescription: String { "\(received) + \(quantity) \(unit.rawValue)" }
    }

    static let rows: [Row] = [
        .init(received: "2026-03-02T09:10", quantity: 3, unit: .workingDay, due: "2026-03-05T09:10"),
        .init(received: "2026-03-02T07:00", quantity: 1, unit: .workingDay, due: "2026-03-02T17:00"),
        .init(received: "2026-03-06T18:20", quantity: 1, unit: .workingDay, due: "2026-03-09T17:00"),
        .init(received: "2026-03-02T16:00", quantity: 6, unit: .workingHour, due: "2026-03-03T14:00"),
        .init(received: "2026-03-02T12:15", quantity: 1, unit: .workingDay, due: "2026-03-03T11:30"),
        .init(received: "2026-02-13T16:20", quantity: 2, unit: .workingDay, due: "2026-02-24T16:20"),
        .init(received: "2026-08-21T14:00", quantity: 1, unit: .workingDay, due: "2026-08-22T14:00"),
        .init(received: "2026-08-28T10:00", quantity: 1, unit: .workingDay, due: "2026-09-03T10:00"),
        .init(received: "2026-02-10T10:00", quantity: 10, unit: .calendarDay, due: "2026-02-23T17:00"),
        .init(received: "2026-03-07T09:00", quantity: 3, unit: .calendarDay, due: "2026-03-12T17:00"),
        .init(
            received: "2026-03-02T10:00", quantity: 5, unit: .calendarDay,
            pauses: [("2026-03-03T09:00", "2026-03-05T10:00")], due: "2026-03-09T17:00"),
        .init(received: "2026-11-23T15:00", quantity: 1, unit: .sameDay, due: "2026-11-23T17:00"),
        .init(received: "2026-11-23T15:01", quantity: 1, unit: .sameDay, due: "2026-11-25T17:00"),
        .init(
            received: "2026-03-02T09:00", quantity: 2, unit: .workingDay,
            pauses: [("2026-03-02T16:00", "2026-03-05T08:00")], due: "2026-03-06T11:00"),
        .init(
            received: "2026-03-02T09:00", quantity: 1, unit: .sameDay,
            pauses: [("2026-03-02T10:00", "2026-03-03T08:00")], due: "2026-03-03T15:00"),
        // Overlapping and touching pauses count once; one before the arrival and one after the end change nothing.
        .init(
            received: "2026-03-02T09:00", quantity: 2, unit: .workingDay,
            pauses: [
                ("2026-03-04T00:00", "2026-03-05T08:00"), ("2026-03-02T16:00", "2026-03-04T12:00"),
                ("2026-03-01T00:00", "2026-03-02T08:00"), ("2026-03-09T00:00", "2026-03-10T00:00"),
            ], due: "2026-03-06T11:00"),
        .init(received: "2026-03-06T17:00", quantity: 1, unit: .sameDay, due: "2026-03-09T17:00"),
        .init(received: "2026-03-06T11:30", quantity: 1, unit: .sameDay, due: "2026-03-06T17:00"),
    ]

    static func pause(_ start: String, _ end: String) throws -> Pause {
        Pause(start: try #require(LocalMinute(start)).instant, end: try #require(LocalMinute(end)).instant)
    }

    @Test(arguments: rows) func followsTheWorkedExamples(_ row: Row) throws {
        let clock = try realClock()
        let pauses = try row.pauses.map { try OfficeClockTests.pause($0.0, $0.1) }
        let answer = try clock.due(
            received: try #require(LocalMinute(row.received)), quantity: row.quantity, unit: row.unit, pauses: pauses)
        #expect(answer.due.description == row.due + ":00+07:00")
        #expect(answer.because.last == .due(answer.due))
    }

    @Test(arguments: [
        ("2023-01-19", 1, "2023-01-27"), ("2023-04-28", 1, "2023-05-04"), ("2023-08-31", 1, "2023-09-05"),
        ("2024-02-07", 5, "2024-02-21"), ("2024-04-26", 3, "2024-05-04"), ("2024-05-03", 1, "2024-05-04"),
        ("2025-01-24", 3, "2025-02-05"), ("2025-04-25", 1, "2025-04-26"), ("2025-04-29", 1, "2025-05-05"),
        ("2025-08-29", 1, "2025-09-03"), ("2025-12-31", 1, "2026-01-05"), ("2026-01-09", 1, "2026-01-10"),
        ("2026-02-13", 3, "2026-02-25"), ("2026-04-24", 1, "2026-04-28"), ("2026-04-29", 1, "2026-05-04"),
        ("2026-08-28", 1, "2026-09-03"), ("2026-11-23", 1, "2026-11-25"), ("2026-12-31", 1, "2027-01-04"),
        ("2026-02-13", 25, "2026-03-27"),
    ]) func countsRealHolidays(_ received: String, _ days: Int, _ due: String) throws {
        let start = try #require(LocalMinute(received + "T09:00"))
        let answer = try realClock().due(received: start, quantity: days, unit: .workingDay)
        #expect(answer.due.date.description == due)
    }

    @Test func refusesWhatItCannotKnow() throws {
        let clock = try realClock()
        let start = try #require(LocalMinute("2026-03-02T09:00"))
        #expect(throws: CalendarRefusal.quantity) { try clock.due(received: start, quantity: 0, unit: .workingDay) }
        #expect(throws: CalendarRefusal.quantity) { try clock.due(received: start, quantity: 2, unit: .sameDay) }
        #expect(throws: CalendarRefusal.beyondKnownYears(last: 2027)) {
            try clock.due(received: start, quantity: 900, unit: .workingDay)
        }
        let early = try #require(LocalMinute("2022-12-30T09:00"))
        #expect(throws: CalendarRefusal.beforeKnownYears(first: 2023)) {
            try clock.due(received: early, quantity: 1, unit: .workingDay)
        }
        let backwards = try OfficeClockTests.pause("2026-03-03T09:00", "2026-03-03T08:00")
        #expect(throws: CalendarRefusal.pauseEndsBeforeItStarts) {
            try clock.due(received: start, quantity: 1, unit: .workingDay, pauses: [backwards])
        }
    }

    /// A small generator, so that a failure can be repeated from its seed.
    struct Seeded: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    @Test(arguments: 0..<20) func neverLandsOutsideOfficeHoursAndNeverMovesBack(_ seed: Int) throws {
        let clock = try realClock()
        var random = Seeded(state: UInt64(seed) &* 977 &+ 11)
        let base = try #require(LocalMinute("2023-06-01T00:00")).number
        for _ in 0..<100 {
            let received = LocalMinute(number: base + Int.random(in: 0..<(3 * 365 * 1440), using: &random))
            let unit =
                [ProcessingTime.Unit.workingDay, .workingHour, .calendarDay].randomElement(using: &random)
                ?? .workingDay
            let quantity = Int.random(in: 1...40, using: &random)
            let due = try clock.due(received: received, quantity: quantity, unit: unit).due
            #expect(due >= received)
            #expect(clock.isWorkingDay(due.date))
            let minute = due.minuteOfDay
            #expect((421...690).contains(minute) || (811...1020).contains(minute))
            #expect(try clock.due(received: received, quantity: quantity + 1, unit: unit).due >= due)
            let later = LocalMinute(number: received.number + Int.random(in: 0..<3000, using: &random))
            #expect(try clock.due(received: later, quantity: quantity, unit: unit).due >= due)
            let start = LocalMinute(number: received.number + Int.random(in: -500..<20_000, using: &random))
            let end = LocalMinute(number: start.number + Int.random(in: 0..<20_000, using: &random))
            let paused = try clock.due(
                received: received, quantity: quantity, unit: unit,
                pauses: [Pause(start: start.instant, end: end.instant)])
            #expect(paused.due >= due)
            if unit != .calendarDay {
                let ran = clock.workingMinutes(from: paused.start, to: paused.due)
                let stood = clock.workingMinutes(from: max(paused.start, start), to: min(paused.due, end))
                #expect(ran - stood == quantity * (unit == .workingDay ? 480 : 60))
            }
        }
    }

    @Test func tellsHowNearADeadlineIs() throws {
        let clock = try realClock()
        func at(_ text: String) throws -> Instant { try #require(LocalMinute(text)).instant }
        let due = try at("2026-11-25T17:00")
        #expect(clock.nearness(now: try at("2026-11-23T09:00"), due: due) == .left(workingDays: 1))
        #expect(clock.nearness(now: try at("2026-11-25T16:59"), due: due) == .today)
        #expect(clock.nearness(now: try at("2026-11-27T08:00"), due: due) == .overdue(days: 2))
    }
}
