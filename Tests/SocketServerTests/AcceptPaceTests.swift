import Testing

@testable import SocketServer

/// One connection a turn, as long as that is enough.
@Suite struct AcceptPaceTests {
    @Test func takesOneAtATimeWhereTheyComeAlone() {
        var pace = AcceptPace()
        let taken = stride(from: UInt64(10), to: 50, by: 3).map { pace.begin(turn: $0, atMost: 64) }
        #expect(Set(taken) == [1])
    }

    @Test func takesMoreWhereTurnAfterTurnDoesNotFindTheEnd() {
        var pace = AcceptPace()
        let taken = (UInt64(10)..<50).map { pace.begin(turn: $0, atMost: 64) }
        #expect(taken.prefix(9) == [1, 1, 1, 1, 2, 2, 2, 2, 4])
        #expect(taken.last == 64)
        #expect(taken.allSatisfy { $0 <= 64 })
        #expect(pace.begin(turn: 50, atMost: 7) == 7, "the limit holds")
    }

    @Test func startsAnewAtTheEndOfTheQueue() {
        var pace = AcceptPace()
        for turn in UInt64(10)..<18 { _ = pace.begin(turn: turn, atMost: 64) }
        pace.foundNone()
        #expect(pace.begin(turn: 18, atMost: 64) == 1)
        #expect(pace.begin(turn: 19, atMost: 64) == 1)
    }

    @Test func startsAnewAfterATurnWithoutANewConnection() {
        var pace = AcceptPace()
        for turn in UInt64(10)..<18 { _ = pace.begin(turn: turn, atMost: 64) }
        #expect(pace.begin(turn: 19, atMost: 64) == 1)
    }
}
