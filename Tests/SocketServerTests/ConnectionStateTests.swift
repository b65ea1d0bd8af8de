import Testing

@testable import SocketServer

extension ConnectionState {
    /// With the product's numbers, and a client that has acknowledged so much of more.
    fileprivate mutating func verdict(
        now: UInt64, _ limits: ServerLimits = ServerLimits(), acknowledged: UInt64 = 0, outstanding: UInt64 = 1
    ) -> Verdict {
        verdict(now: now, limits, Delivery(acknowledged: acknowledged, outstanding: outstanding))
    }
}

@Suite struct ConnectionStateTests {
    static func state() -> ConnectionState { ConnectionState(now: 1000) }

    @Test func closesWhatStaysSilent() {
        var state = ConnectionStateTests.state()
        #expect(state.verdict(now: 11_000) == .none)
        #expect(state.verdict(now: 11_001) == .close(.silent))
    }

    @Test func aDrippingHeadCannotMoveItsDeadline() {
        var state = ConnectionStateTests.state()
        for now in stride(from: UInt64(2000), through: 21_000, by: 1000) { state.enter(.head, now: now) }
        #expect(state.verdict(now: 22_000) == .none)
        #expect(state.verdict(now: 22_001) == .requestTimeout)
    }

    @Test func everyAnswerBeginsANewWait() {
        var state = ConnectionStateTests.state()
        for now in stride(from: UInt64(2000), through: 100_000, by: 1000) { state.enter(.idle, now: now) }
        #expect(state.verdict(now: 160_000) == .none)
        #expect(state.verdict(now: 160_001) == .close(.keepAlive))
    }

    @Test func aBodyMustKeepItsRate() {
        var state = ConnectionStateTests.state()
        state.enter(.body, now: 1000)
        #expect(state.verdict(now: 11_000) == .none)
        #expect(state.verdict(now: 11_001) == .requestTimeout)
        state.bodyReceived(10_000)
        #expect(state.verdict(now: 21_000) == .none)
        // The next stretch begins there: what came before does not count, however much it was.
        state.bodyReceived(5_000)
        #expect(state.verdict(now: 31_000) == .none)
        #expect(state.verdict(now: 31_001) == .requestTimeout)
    }

    @Test func theRateOfABodyCanBeSet() {
        var limits = ServerLimits()
        limits.bodyGraceMilliseconds = 1_000
        limits.bodyBytesPerSecond = 2_000
        for (count, verdict) in [(2_002, ConnectionState.Verdict.none), (2_001, .requestTimeout)] {
            var state = ConnectionStateTests.state()
            state.enter(.body, now: 1000)
            state.bodyReceived(count)
            #expect(state.verdict(now: 2001, limits) == verdict)
        }
    }

    @Test func muchAtOnceEarnsNoSilence() {
        var state = ConnectionStateTests.state()
        state.enter(.body, now: 1000)
        state.bodyReceived(15_000_000)
        #expect(state.verdict(now: 11_001) == .none)
        #expect(state.verdict(now: 21_001) == .none)
        #expect(state.verdict(now: 21_002) == .requestTimeout)
    }

    @Test func timeHeldBackIsNotTheClientsFault() {
        var state = ConnectionStateTests.state()
        state.enter(.body, now: 1000)
        state.bodyReceived(5_000)
        state.heldBack(true, now: 2000)
        #expect(state.verdict(now: 31_999) == .none)
        #expect(state.verdict(now: 32_001) == .handlerTimeout)
        state.heldBack(false, now: 22_000)
        #expect(state.verdict(now: 30_000) == .none)
    }

    /// Of 500 bytes a second, in the stretch of 30 seconds that begins with the first look.
    @Test func anAnswerMustBeReadAtARate() {
        var state = ConnectionStateTests.state()
        state.enter(.handling, now: 1000)
        state.outputPending(true, now: 1000)
        #expect(state.verdict(now: 1200, acknowledged: 70_000) == .none)
        #expect(state.verdict(now: 31_200, acknowledged: 70_000) == .none)
        // Exactly enough; the next stretch begins here.
        #expect(state.verdict(now: 31_201, acknowledged: 85_001) == .none)
        #expect(state.verdict(now: 61_201, acknowledged: 85_001) == .none)
        var drips = state
        #expect(drips.verdict(now: 61_202, acknowledged: 100_001) == .close(.write))
        #expect(state.verdict(now: 61_202, acknowledged: 100_002) == .none)
    }

    @Test func roomInTheKernelIsNoReading() {
        var state = ConnectionStateTests.state()
        state.enter(.handling, now: 1000)
        for now in stride(from: UInt64(1000), through: 31_000, by: 1000) {
            state.outputPending(true, now: now)
            #expect(state.verdict(now: now, acknowledged: now / 1000) == .none)
        }
        #expect(state.verdict(now: 31_001, acknowledged: 31) == .close(.write))
    }

    @Test func whoHasEverythingWaitsForTheServer() {
        var state = ConnectionStateTests.state()
        state.outputPending(true, now: 1000)
        #expect(state.verdict(now: 1000, acknowledged: 10) == .none)
        #expect(state.verdict(now: 31_001, acknowledged: 10, outstanding: 0) == .none)
        #expect(state.verdict(now: 61_003, acknowledged: 10, outstanding: 1) == .close(.write))
    }

    @Test func theRateOfReadingCanBeSet() {
        var limits = ServerLimits()
        limits.writeMilliseconds = 1_000
        limits.writeBytesPerSecond = 2_000
        var state = ConnectionStateTests.state()
        state.outputPending(true, now: 1000)
        #expect(state.verdict(now: 1000, limits, acknowledged: 0) == .none)
        #expect(state.verdict(now: 2001, limits, acknowledged: 2_002) == .none)
        #expect(state.verdict(now: 3002, limits, acknowledged: 4_003) == .close(.write))
    }

    @Test func theSocketIsAskedOnlyWhenItMustBe() {
        var asked = 0
        func delivery() -> Delivery {
            asked += 1
            return Delivery(acknowledged: UInt64(asked) * 1_000_000, outstanding: 1)
        }
        var state = ConnectionStateTests.state()
        state.enter(.idle, now: 1000)
        for now in stride(from: UInt64(1000), through: 60_000, by: 250) {
            _ = state.verdict(now: now, ServerLimits(), delivery())
        }
        #expect(asked == 0)
        state.outputPending(true, now: 60_000)
        for now in stride(from: UInt64(60_000), through: 120_000, by: 250) {
            #expect(state.verdict(now: now, ServerLimits(), delivery()) == .none)
        }
        #expect(asked == 2, "at the beginning, and after thirty seconds")
    }

    @Test func whoReadsAnAnswerIsNotSilent() {
        for phase in [ConnectionState.Phase.silent, .idle, .head, .handling] {
            var state = ConnectionStateTests.state()
            state.enter(phase, now: 1000)
            for now in stride(from: UInt64(1000), through: 200_000, by: 1000) {
                state.outputPending(true, now: now)
                #expect(state.verdict(now: now, acknowledged: now) == .none)
            }
            #expect(state.verdict(now: 230_001, acknowledged: 200_000) == .close(.write))
            state.outputPending(false, now: 201_000)
            guard phase == .idle else { continue }
            #expect(state.verdict(now: 261_000) == .none)
            #expect(state.verdict(now: 261_001) == .close(.keepAlive))
        }
    }

    @Test func whoWasRefusedHasLittleTimeToReadWhy() {
        var state = ConnectionStateTests.state()
        state.enter(.lingering, now: 5000)
        state.enter(.lingering, now: 6900)
        #expect(state.verdict(now: 7000) == .none)
        #expect(state.verdict(now: 7001) == .close(.linger))
    }

    @Test func aStopGivesARequestOnItsWayTimeToCome() {
        var state = ConnectionStateTests.state()
        state.enter(.idle, now: 5_000)
        // From the later of both: the last answer, and the stop.
        #expect(!state.mayEnd(now: 5_500, drainStart: 2_000, ServerLimits()))
        #expect(state.mayEnd(now: 5_501, drainStart: 2_000, ServerLimits()))
        #expect(!state.mayEnd(now: 9_500, drainStart: 9_000, ServerLimits()))
        #expect(state.mayEnd(now: 9_501, drainStart: 9_000, ServerLimits()))
        var limits = ServerLimits()
        limits.drainIdleMilliseconds = 3_000
        #expect(!state.mayEnd(now: 12_000, drainStart: 9_000, limits))
        #expect(state.mayEnd(now: 12_001, drainStart: 9_000, limits))
    }

    @Test func aHandlerMustAnswer() {
        var state = ConnectionStateTests.state()
        state.enter(.handling, now: 1000)
        #expect(state.verdict(now: 31_001) == .handlerTimeout)
    }
}
