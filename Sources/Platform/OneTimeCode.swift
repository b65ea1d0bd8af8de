import COpenSSL

/// Time-based one-time codes (RFC 6238 with HMAC-SHA-1, six digits, 30 seconds): what every authenticator app speaks.
public enum OneTimeCode {
    /// The step of a moment, counted from 1970.
    public static func step(seconds: Int64) -> Int64 { seconds / 30 }

    /// The code of a step: six digits.
    public static func code(seed: [UInt8], step: Int64) -> String {
        let message = (0..<8).map { UInt8(truncatingIfNeeded: step >> Int64(56 - 8 * $0)) }
        var digest = [UInt8](repeating: 0, count: 20)
        var length: UInt32 = 20
        let made = HMAC(EVP_sha1(), seed, Int32(seed.count), message, message.count, &digest, &length)
        precondition(made != nil && length == 20, "OpenSSL gives no HMAC")
        let offset = Int(digest[19] & 15)
        let number = digest[offset..<(offset + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        let text = String(number % 1_000_000)
        return String(repeating: "0", count: 6 - text.count) + text
    }

    /// The step whose code `typed` is, looking one step back and ahead; nil when it is none of the three.
    public static func step(of typed: String, seed: [UInt8], seconds: Int64) -> Int64? {
        let now = step(seconds: seconds)
        return (now - 1...now + 1).first { candidate in
            MessageAuthentication.equal(Array(code(seed: seed, step: candidate).utf8), Array(typed.utf8))
        }
    }

    /// A seed as authenticator apps take it: base32 (RFC 4648 §6) without padding.
    public static func base32(_ seed: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
        var text: [UInt8] = []
        var held: UInt32 = 0
        var bits = 0
        for byte in seed {
            held = (held << 8 | UInt32(byte)) & 0xFFFF
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(alphabet[Int(held >> UInt32(bits)) & 31])
            }
        }
        if bits > 0 { text.append(alphabet[Int(held << UInt32(5 - bits)) & 31]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The seed that `base32` wrote; nil when it is none.
    public static func bytes(base32 text: String) -> [UInt8]? {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
        var seed: [UInt8] = []
        var held: UInt32 = 0
        var bits = 0
        for character in text.utf8 {
            guard let digit = alphabet.firstIndex(of: character) else { return nil }
            held = (held << 5 | UInt32(digit)) & 0xFFFF
            bits += 5
            guard bits >= 8 else { continue }
            bits -= 8
            seed.append(UInt8(truncatingIfNeeded: held >> UInt32(bits)))
        }
        return base32(seed) == text ? seed : nil
    }
}

/// Small secrets at rest: AES-256-GCM by OpenSSL, a fresh nonce each time.
public enum SealedSecret {
    /// Nonce, ciphertext and tag. Traps when OpenSSL cannot give the cipher.
    public static func seal(_ secret: [UInt8], key: [UInt8]) -> [UInt8] {
        let nonce = SecureRandom.bytes(12)
        guard let context = EVP_CIPHER_CTX_new() else { preconditionFailure("OpenSSL gives no cipher") }
        defer { EVP_CIPHER_CTX_free(context) }
        var sealed = [UInt8](repeating: 0, count: secret.count)
        var tag = [UInt8](repeating: 0, count: 16)
        var length: Int32 = 0
        let isDone =
            EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce) == 1
            && EVP_EncryptUpdate(context, &sealed, &length, secret, Int32(secret.count)) == 1
            && EVP_EncryptFinal_ex(context, nil, &length) == 1
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, &tag) == 1
        precondition(isDone && key.count == 32, "OpenSSL gives no AES-256-GCM")
        return nonce + sealed + tag
    }

    /// The secret; nil when the key is another or a byte was changed.
    public static func open(_ sealed: [UInt8], key: [UInt8]) -> [UInt8]? {
        guard sealed.count >= 28, key.count == 32, let context = EVP_CIPHER_CTX_new() else { return nil }
        defer { EVP_CIPHER_CTX_free(context) }
        let nonce = Array(sealed[..<12])
        let content = Array(sealed[12..<(sealed.count - 16)])
        var tag = Array(sealed.suffix(16))
        var secret = [UInt8](repeating: 0, count: content.count)
        var length: Int32 = 0
        let isDone =
            EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce) == 1
            && EVP_DecryptUpdate(context, &secret, &length, content, Int32(content.count)) == 1
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, &tag) == 1
            && EVP_DecryptFinal_ex(context, nil, &length) == 1
        return isDone ? secret : nil
    }
}
