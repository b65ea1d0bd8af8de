import Dispatch
import Synchronization

/// Something that is costly to make and can be done without: made once, beside the loops, when they are first wanted.
final class MadeLater<Value: Sendable>: Sendable {
    private final class Made: Sendable {
        let value: Value?
        init(_ value: Value?) { self.value = value }
    }

    private let made = AtomicLazyReference<Made>()
    private let isWanted = Atomic<Bool>(false)

    /// The value; nil until `make` has returned, and for good when it returned nil. Never waits.
    func value(orMake make: @escaping @Sendable () -> Value?) -> Value? {
        if let made = made.load() { return made.value }
        if !isWanted.exchange(true, ordering: .relaxed) {
            packingLane.async { _ = self.made.storeIfNil(Made(make())) }
        }
        return nil
    }
}

/// One lane below everything else: pages and files are few, and nobody waits for it.
let packingLane = DispatchQueue(label: "motcua.packing", qos: .utility)
