import COpenSSL

/// SHA-256 (FIPS 180-4), whole or piece by piece, by OpenSSL.
public struct SHA256: ~Copyable {
    private let context: OpaquePointer

    /// Starts a digest. Traps when OpenSSL cannot give the algorithm: nothing could be trusted then.
    public init() {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            preconditionFailure("OpenSSL gives no SHA-256")
        }
        self.context = context
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    /// Adds bytes.
    public mutating func update(_ bytes: some Sequence<UInt8>) {
        let done: Void? = bytes.withContiguousStorageIfAvailable { buffer in
            _ = EVP_DigestUpdate(context, buffer.baseAddress, buffer.count)
        }
        if done == nil {
            let copy = Array(bytes)
            _ = copy.withUnsafeBytes { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        }
    }

    /// The 32 bytes.
    public consuming func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        _ = digest.withUnsafeMutableBufferPointer { EVP_DigestFinal_ex(context, $0.baseAddress, nil) }
        return digest
    }

    /// The digest of `bytes` in one call.
    public static func hash(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var digest = SHA256()
        digest.update(bytes)
        return digest.finish()
    }
}

/// HMAC (RFC 2104) by OpenSSL.
public enum MessageAuthentication {
    /// HMAC-SHA-256, 32 bytes.
    public static func sha256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        compute(EVP_sha256(), 32, key, message)
    }

    /// HMAC-SHA-512, 64 bytes.
    public static func sha512(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        compute(EVP_sha512(), 64, key, message)
    }

    /// Compares without telling by its time where the first difference is.
    public static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }

    private static func compute(
        _ algorithm: OpaquePointer?, _ byteCount: Int, _ key: [UInt8], _ message: [UInt8]
    ) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: byteCount)
        var length = UInt32(byteCount)
        let made = HMAC(algorithm, key, Int32(key.count), message, message.count, &code, &length)
        precondition(made != nil && Int(length) == byteCount, "OpenSSL gives no HMAC")
        return code
    }
}
