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

    @Test func waitsLongerAfterAnAttemptInVainUntilACrowdComes() {
        var pace = AcceptPace()
        var turn = UInt64(10)
        /// How many turns took one, until a turn asked for two.
        func patience() -> Int {
            var count = 0
            while count < 1_000 {
                turn += 1
                if pace.begin(turn: turn, atMost: 64) > 1 { break }
                count += 1
            }
            return count
        }
        let grown = (0..<6).map { _ in
            defer { pace.foundNone() }
            return patience()
        }
        #expect(grown == [4, 8, 16, 32, 32, 32])
        #expect(patience() == 32)
        let crowd = (0..<44).map { _ in
            turn += 1
            return pace.begin(turn: turn, atMost: 64)
        }
        #expect(crowd.filter { $0 == 2 }.count == 31, "the first was taken by patience()")
        #expect(crowd.filter { $0 == 4 }.count == 4 && crowd.filter { $0 == 8 }.count == 4)
    }

    @Test func startsAnewAfterATurnWithoutANewConnection() {
        var pace = AcceptPace()
        for turn in UInt64(10)..<18 { _ = pace.begin(turn: turn, atMost: 64) }
        #expect(pace.begin(turn: 19, atMost: 64) == 1)
    }
}
