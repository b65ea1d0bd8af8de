/// How many connections are taken in a turn. To ask for one more than there are makes the kernel build a socket and throw it
/// away, a tenth of the cost of a short connection; to take too few lets others wait. So one is taken a turn, and twice as many
/// after each four turns in a row that did not find the end.
struct AcceptPace {
    private var lastTurn: UInt64 = 0
    private var fullTurns = 0

    /// How many to ask for in the loop's turn number `turn`: 1 to `limit`.
    mutating func begin(turn: UInt64, atMost limit: Int) -> Int {
        if turn != lastTurn &+ 1 { fullTurns = 0 }
        lastTurn = turn
        defer { fullTurns += 1 }
        return min(limit, 1 << min(fullTurns / 4, 20))
    }

    /// The end of the queue was found.
    mutating func foundNone() { fullTurns = 0 }
}
