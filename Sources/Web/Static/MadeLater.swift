import Dispatch
import Synchronization

/// Something that is costly to make and can be done without: made once, beside the loops, when they are first wanted.
final class MadeLater<Value: Sendable>: @unchecked Sendable {
    // Guard: `made` is written once, before `isMade` says so, and read only afterwards.
    @exclusivity(unchecked) private var made: Value?
    private let isMade = Atomic<Bool>(false)
    private let isWanted = Atomic<Bool>(false)

    /// The value, when it is there; costs one look.
    var value: Value? { isMade.load(ordering: .acquiring) ? made : nil }

    /// The value; nil until `make` has returned, and for good when it returned nil. Never waits.
    func value(orMake make: @escaping @Sendable () -> Value?) -> Value? {
        if isMade.load(ordering: .acquiring) { return made }
        if !isWanted.exchange(true, ordering: .relaxed) {
            packingLane.async {
                self.made = make()
                self.isMade.store(true, ordering: .releasing)
            }
        }
        return nil
    }
}

/// One lane below everything else: pages and files are few, and nobody waits for it.
let packingLane = DispatchQueue(label: "motcua.packing", qos: .utility)
