import HTTPWire
import Platform

/// Tokens that prove a form came from a page of this site: HMAC-SHA-256 of the purpose under a secret that only the
/// visitor's session (or a cookie, before sign-in) leads to. Each page masks it anew, so that the same bytes never stand
/// in two compressed pages.
public enum CSRFToken {
    /// The hidden field of every form.
    public static let fieldName = "csrf"
    /// The header field for scripts.
    public static let headerName = FieldName(unchecked: "X-CSRF-Token")
    static let cookieName = "form"

    /// A fresh token: 32 bytes of mask and the masked code, base64url.
    static func make(secret: [UInt8], purpose: String) -> String {
        let mask = SecureRandom.bytes(32)
        let code = MessageAuthentication.sha256(key: secret, Array(purpose.utf8))
        return (mask + zip(mask, code).map { $0 ^ $1 }).base64URL
    }

    /// Compares in constant time.
    static func isValid(_ token: String, secret: [UInt8], purpose: String) -> Bool {
        guard let bytes = Base64URL.decode(token), bytes.count == 64 else { return false }
        let code = zip(bytes[..<32], bytes[32...]).map { $0 ^ $1 }
        return MessageAuthentication.equal(code, MessageAuthentication.sha256(key: secret, Array(purpose.utf8)))
    }
}

extension Exchange {
    /// The token for this page's forms. Before sign-in it rests on a cookie that this call sets when it is missing.
    public func csrfToken(for purpose: String = "form") -> String {
        if let secret = csrfSecret { return CSRFToken.make(secret: secret, purpose: purpose) }
        let secret = SecureRandom.bytes(32)
        setCookie(Cookie(CSRFToken.cookieName, secret.base64URL))
        return CSRFToken.make(secret: secret, purpose: purpose)
    }

    /// Whether `token` was given to this visitor for `purpose`.
    public func isValid(csrf token: String, for purpose: String = "form") -> Bool {
        guard let secret = csrfSecret else { return false }
        return CSRFToken.isValid(token, secret: secret, purpose: purpose)
    }

    private var csrfSecret: [UInt8]? {
        if let session { return session.csrfSecret }
        let name = CSRFToken.cookieName
        let kept =
            cookies.first { $0.name == name }?.value
            ?? cookie(Cookie.wireName(name, isSecure: peer.isSecure))
        guard let secret = kept.flatMap(Base64URL.decode), secret.count == 32 else { return nil }
        return secret
    }
}

/// RFC 4648 §5 without padding, the way back.
enum Base64URL {
    /// nil for anything that `base64URL` would not have written.
    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var held: UInt32 = 0
        var bits = 0
        for sign in text.utf8 {
            guard let value = value(of: sign) else { return nil }
            held = (held << 6 | value) & 0xFFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: held >> UInt32(bits)))
            }
        }
        guard bits < 6, held & ((1 << UInt32(bits)) - 1) == 0 else { return nil }
        return bytes
    }

    private static func value(of sign: UInt8) -> UInt32? {
        switch sign {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(sign - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(sign - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(sign - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
