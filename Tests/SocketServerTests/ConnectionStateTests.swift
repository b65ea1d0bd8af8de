import Testing

@testable import SocketServer

@Suite struct ConnectionStateTests {
    static func state() -> ConnectionState { ConnectionState(now: 1000) }

    @Test func closesWhatStaysSilent() {
        let state = ConnectionStateTests.state()
        #expect(state.verdict(now: 11_000, ServerLimits()) == .none)
        #expect(state.verdict(now: 11_001, ServerLimits()) == .close(.silent))
    }

    @Test func aDrippingHeadCannotMoveItsDeadline() {
        var state = ConnectionStateTests.state()
        for now in stride(from: UInt64(2000), through: 21_000, by: 1000) { state.enter(.head, now: now) }
        #expect(state.verdict(now: 22_000, ServerLimits()) == .none)
        #expect(state.verdict(now: 22_001, ServerLimits()) == .requestTimeout)
    }

    @Test func everyAnswerBeginsANewWait() {
        var state = ConnectionStateTests.state()
        for now in stride(from: UInt64(2000), through: 100_000, by: 1000) { state.enter(.idle, now: now) }
        #expect(state.verdict(now: 160_000, ServerLimits()) == .none)
        #expect(state.verdict(now: 160_001, ServerLimits()) == .close(.keepAlive))
    }

    @Test func aBodyMustKeepItsRate() {
        var state = ConnectionStateTests.state()
        state.enter(.body, now: 1000)
        #expect(state.verdict(now: 11_000, ServerLimits()) == .none)
        #expect(state.verdict(now: 11_001, ServerLimits()) == .requestTimeout)
        state.bodyReceived(10_000)
        #expect(state.verdict(now: 21_000, ServerLimits()) == .none)
        #expect(state.verdict(now: 21_010, ServerLimits()) == .requestTimeout)
    }

    @Test func timeHeldBackIsNotTheClientsFault() {
        var state = ConnectionStateTests.state()
        state.enter(.body, now: 1000)
        state.bodyReceived(5_000)
        state.heldBack(true, now: 2000)
        #expect(state.verdict(now: 31_999, ServerLimits()) == .none)
        #expect(state.verdict(now: 32_001, ServerLimits()) == .handlerTimeout)
        state.heldBack(false, now: 22_000)
        #expect(state.verdict(now: 30_000, ServerLimits()) == .none)
    }

    @Test func outputMustProgress() {
        var state = ConnectionStateTests.state()
        state.enter(.handling, now: 1000)
        state.outputPending(true, progressed: false, now: 1000)
        state.outputPending(true, progressed: false, now: 20_000)
        #expect(state.verdict(now: 31_000, ServerLimits()) == .none)
        #expect(state.verdict(now: 31_001, ServerLimits()) == .close(.write))
        state.outputPending(true, progressed: true, now: 30_000)
        #expect(state.verdict(now: 60_000, ServerLimits()) == .none)
    }

    @Test func whoReadsAnAnswerIsNotSilent() {
        for phase in [ConnectionState.Phase.silent, .idle, .head, .handling] {
            var state = ConnectionStateTests.state()
            state.enter(phase, now: 1000)
            for now in stride(from: UInt64(1000), through: 200_000, by: 1000) {
                state.outputPending(true, progressed: true, now: now)
                #expect(state.verdict(now: now, ServerLimits()) == .none)
            }
            #expect(state.verdict(now: 230_001, ServerLimits()) == .close(.write))
            state.outputPending(false, progressed: true, now: 201_000)
            guard phase == .idle else { continue }
            #expect(state.verdict(now: 261_000, ServerLimits()) == .none)
            #expect(state.verdict(now: 261_001, ServerLimits()) == .close(.keepAlive))
        }
    }

    @Test func whoWasRefusedHasLittleTimeToReadWhy() {
        var state = ConnectionStateTests.state()
        state.enter(.lingering, now: 5000)
        state.enter(.lingering, now: 6900)
        #expect(state.verdict(now: 7000, ServerLimits()) == .none)
        #expect(state.verdict(now: 7001, ServerLimits()) == .close(.linger))
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
        #expect(state.verdict(now: 31_001, ServerLimits()) == .handlerTimeout)
    }
}
