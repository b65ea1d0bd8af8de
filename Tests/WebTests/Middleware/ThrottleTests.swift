import Synchronization
import Testing

@testable import Web

final class TestClock: Sendable {
    private let seconds = Mutex<Double>(1000)
    func advance(by more: Double) { seconds.withLock { $0 += more } }
    var now: Double { seconds.withLock { $0 } }
}

@Suite struct ThrottleTests {
    private let clock = TestClock()

    private func throttle(burst: Int, secondsPerToken: Double, keyLimit: Int = 100) -> Throttle {
        Throttle(burst: burst, secondsPerToken: secondsPerToken, keyLimit: keyLimit) { [clock] in clock.now }
    }

    @Test func letsTheBurstPassAndThenOneAtATime() {
        let throttle = throttle(burst: 3, secondsPerToken: 10)
        #expect((0..<3).allSatisfy { _ in throttle.take("a") == nil })
        #expect(throttle.take("a") == 10)
        clock.advance(by: 4)
        #expect(throttle.take("a") == 6)
        clock.advance(by: 6)
        #expect(throttle.take("a") == nil)
        #expect(throttle.take("a") == 10)
    }

    @Test func neverSavesMoreThanTheBurst() {
        let throttle = throttle(burst: 2, secondsPerToken: 1)
        _ = throttle.take("a")
        clock.advance(by: 1_000_000)
        #expect((0..<3).map { _ in throttle.take("a") } == [nil, nil, 1])
    }

    @Test func keysDoNotShare() {
        let throttle = throttle(burst: 1, secondsPerToken: 60)
        #expect(throttle.take("a") == nil)
        #expect(throttle.take("b") == nil)
        #expect(throttle.take("a") == 60)
        throttle.forget("a")
        #expect(throttle.take("a") == nil)
    }

    @Test func aFloodOfKeysNeitherGrowsNorFreesTheEmptyOnes() {
        let throttle = throttle(burst: 1, secondsPerToken: 60, keyLimit: 50)
        for key in 0..<10_000 {
            clock.advance(by: 0.001)
            _ = throttle.take("key \(key)")
        }
        #expect(throttle.keyCount <= 50)
        #expect(throttle.take("key 9999") != nil)
    }

    @Test func aClockThatGoesBackGivesNothing() {
        let throttle = throttle(burst: 1, secondsPerToken: 10)
        #expect(throttle.take("a") == nil)
        clock.advance(by: -500)
        #expect(throttle.take("a") == 10)
    }

    @Test func refusesAnAddressBeforeReadingAnything() async {
        let middleware = AddressThrottle(throttle(burst: 2, secondsPerToken: 30))
        let router = router(middleware: [middleware]) { $0.getReady("/") { _ in .text("x") } }
        let one = TestClient(router, address: "192.0.2.1")
        #expect(await one.get("/").status == 200)
        #expect(await one.get("/").status == 200)
        let refused = await one.get("/")
        #expect(refused.status == 429)
        #expect(refused.fields[.retryAfter] == "30")
        #expect(await TestClient(router, address: "192.0.2.2").get("/").status == 200)
        // Who holds a network has many addresses.
        for host in 1...2 { #expect(await TestClient(router, address: "2001:db8::\(host)").get("/").status == 200) }
        #expect(await TestClient(router, address: "2001:db8::3").get("/").status == 429)
    }
}
