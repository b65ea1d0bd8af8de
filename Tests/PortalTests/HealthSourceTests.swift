import Synchronization
import Testing

@testable import Portal

@Suite struct HealthSourceTests {
    /// Swift wraps a bare closure once more each time a mutex hands it out: after a day of health checks the question would
    /// go through millions of wrappers. Each shows on the stack.
    @Test func askingAThousandTimesCostsWhatAskingOnceDoes() {
        let deepest = Mutex<UInt>(.max)
        let source = HealthSource()
        source.set {
            var here = 0
            let address = withUnsafePointer(to: &here) { UInt(bitPattern: $0) }
            deepest.withLock { $0 = min($0, address) }
            return true
        }
        #expect(source.isGood)
        let first = deepest.withLock { $0 }
        for _ in 0..<1_000 { #expect(source.isGood) }
        #expect(first - deepest.withLock { $0 } < 4_096, "the stack grew")
    }
}
