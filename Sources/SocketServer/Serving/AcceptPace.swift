/// How many connections are taken in a turn. To ask for one more than there are makes the kernel build a socket and throw it
/// away, a tenth of the cost of a short connection; to take too few lets others wait. So one is taken a turn, and twice as many
/// after some turns in a row that did not find the end; how many turns, is learned from attempts that were in vain.
struct AcceptPace {
    private static let leastPatience = 4
    private static let mostPatience = 32
    private var lastTurn: UInt64 = 0
    /// Since the last doubling, turns that did not find the end.
    private var fullTurns = 0
    private var doublings = 0
    private var patience = leastPatience

    /// How many to ask for in the loop's turn number `turn`: 1 to `limit`.
    mutating func begin(turn: UInt64, atMost limit: Int) -> Int {
        if turn != lastTurn &+ 1 { startAnew() }
        lastTurn = turn
        if fullTurns >= patience {
            // More than one was there turn after turn: a crowd.
            if doublings > 0 { patience = AcceptPace.leastPatience }
            doublings = min(doublings + 1, 20)
            fullTurns = 0
        }
        fullTurns += 1
        return min(limit, 1 << doublings)
    }

    /// The end of the queue was found.
    mutating func foundNone() {
        if doublings > 0 { patience = min(patience * 2, AcceptPace.mostPatience) }
        startAnew()
    }

    private mutating func startAnew() {
        fullTurns = 0
        doublings = 0
    }
}
