import COpenSSL
import Synchronization

/// The keys that seal session tickets (RFC 8446 §4.6.1, RFC 5077 §4), one set for all loops and for every certificate:
/// a ticket is good on whichever loop its client comes back to, and after a reload. They are random, never leave the
/// memory, and are replaced: each seals for one period and opens for another. With the last of them gone nobody can
/// read what was resumed under it.
final class TicketKeys: Sendable {
    /// 12 hours, in milliseconds: how long a key seals.
    static let period: UInt64 = 12 * 3600 * 1000

    private let period: UInt64
    private let clock: @Sendable () -> UInt64
    private let keys: Mutex<(current: TicketKey, previous: TicketKey?)>

    /// `clock` gives monotonic milliseconds.
    init(period: UInt64 = TicketKeys.period, clock: @escaping @Sendable () -> UInt64) {
        self.period = period
        self.clock = clock
        keys = Mutex((TicketKey(madeAt: clock()), nil))
    }

    /// How long a ticket may be used, in seconds: no longer than the key that sealed it last can open it.
    var lifetimeSeconds: Int { Int(period / 1000) }

    /// Prepares OpenSSL to seal a ticket; 1, or -1 when it cannot.
    func seal(
        _ name: UnsafeMutablePointer<UInt8>, _ vector: UnsafeMutablePointer<UInt8>, _ cipher: OpaquePointer,
        _ mac: OpaquePointer
    ) -> Int32 {
        let key = inForce().current
        guard RAND_bytes(vector, 16) == 1,
            EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nil, key.cipherKey, vector) == 1,
            copenssl_set_ticket_mac(mac, key.macKey, 32) == 1
        else { return -1 }
        name.update(from: key.name, count: 16)
        return 1
    }

    /// Prepares OpenSSL to open a ticket: 1, or 2 when the client should get a new one, 0 when its key is gone.
    func open(
        _ name: UnsafePointer<UInt8>, _ vector: UnsafePointer<UInt8>, _ cipher: OpaquePointer, _ mac: OpaquePointer
    ) -> Int32 {
        let (current, previous) = inForce()
        let isCurrent = current.isNamed(name)
        guard let key = isCurrent ? current : previous, isCurrent || key.isNamed(name) else { return 0 }
        guard copenssl_set_ticket_mac(mac, key.macKey, 32) == 1,
            EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nil, key.cipherKey, vector) == 1
        else { return -1 }
        return isCurrent ? 1 : 2
    }

    /// The keys at this moment, replaced when they are due: also after nobody came for days.
    private func inForce() -> (current: TicketKey, previous: TicketKey?) {
        let now = clock()
        return keys.withLock { keys in
            if now >= keys.current.madeAt + period { keys = (TicketKey(madeAt: now), keys.current) }
            if let previous = keys.previous, now >= previous.madeAt + 2 * period { keys.previous = nil }
            return keys
        }
    }
}

/// One key: its public name, an AES-256 key and an HMAC-SHA-256 key, wiped when nobody holds it.
private final class TicketKey: @unchecked Sendable {
    // Guard: the bytes are written by init only.
    private let bytes: UnsafeMutablePointer<UInt8>
    let madeAt: UInt64

    init(madeAt: UInt64) {
        self.madeAt = madeAt
        bytes = .allocate(capacity: 80)
        bytes.initialize(repeating: 0, count: 80)
        precondition(RAND_bytes(bytes, 80) == 1, "no random numbers")
    }

    deinit {
        OPENSSL_cleanse(bytes, 80)
        bytes.deallocate()
    }

    var name: UnsafePointer<UInt8> { UnsafePointer(bytes) }
    var cipherKey: UnsafePointer<UInt8> { UnsafePointer(bytes + 16) }
    var macKey: UnsafePointer<UInt8> { UnsafePointer(bytes + 48) }

    func isNamed(_ other: UnsafePointer<UInt8>) -> Bool {
        UnsafeBufferPointer(start: name, count: 16).elementsEqual(UnsafeBufferPointer(start: other, count: 16))
    }
}
