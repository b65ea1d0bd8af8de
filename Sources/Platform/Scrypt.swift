import COpenSSL

/// scrypt (RFC 7914) by OpenSSL, with parameters kept beside the hash so that they can rise.
public struct Scrypt: Sendable, Hashable {
    /// log2 of the cost N; 17 for passwords (128 MiB).
    public let logN: Int
    /// Block size.
    public let r: Int
    /// Parallelisation.
    public let p: Int

    /// OWASP ASVS 5.0 appendix C: N = 2^17, r = 8, p = 1.
    public static let password = Scrypt(logN: 17, r: 8, p: 1)

    /// Chooses parameters.
    public init(logN: Int, r: Int, p: Int) {
        self.logN = logN
        self.r = r
        self.p = p
    }

    /// 32 derived bytes; nil when OpenSSL refuses the parameters or has no memory.
    public func derive(password: [UInt8], salt: [UInt8]) -> [UInt8]? {
        var key = [UInt8](repeating: 0, count: 32)
        let blocks = 128 * r << logN
        let made = password.withUnsafeBytes { bytes in
            EVP_PBE_scrypt(
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self), password.count, salt, salt.count,
                UInt64(1) << UInt64(logN), UInt64(r), UInt64(p), UInt64(blocks) * 2 + (1 << 20), &key, key.count)
        }
        return made == 1 ? key : nil
    }
}
