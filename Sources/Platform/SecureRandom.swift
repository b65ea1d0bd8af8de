import COpenSSL

/// Random bytes from OpenSSL's generator.
public enum SecureRandom {
    /// `count` unpredictable bytes. Traps when the generator fails: a guessable key is worse than a stop.
    public static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        precondition(RAND_bytes(&bytes, Int32(count)) == 1, "the random generator failed")
        return bytes
    }
}
