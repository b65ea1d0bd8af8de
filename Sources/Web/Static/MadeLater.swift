import Dispatch
import Synchronization

/// Bytes that are costly to make and can be done without: made once, beside the loops, when they are first wanted.
final class MadeLater: Sendable {
    private final class Made: Sendable {
        let bytes: [UInt8]?
        init(_ bytes: [UInt8]?) { self.bytes = bytes }
    }

    /// One lane below everything else: pages and files are few, and nobody waits for it.
    static let lane = DispatchQueue(label: "motcua.packing", qos: .utility)
    private let made = AtomicLazyReference<Made>()
    private let isWanted = Atomic<Bool>(false)

    /// The bytes; nil until `make` has returned, and for good when it returned nil. Never waits.
    func bytes(orMake make: @escaping @Sendable () -> [UInt8]?) -> [UInt8]? {
        if let made = made.load() { return made.bytes }
        if !isWanted.exchange(true, ordering: .relaxed) {
            MadeLater.lane.async { _ = self.made.storeIfNil(Made(make())) }
        }
        return nil
    }
}
