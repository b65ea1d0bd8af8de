import HTTPWire
import Synchronization

/// A cookie to be set (RFC 6265 §4.1): always HttpOnly, SameSite=Lax and for the whole site. On a secure line it is
/// Secure and its name carries `__Host-`, so that no other host or plain connection can plant it.
public struct Cookie: Sendable, Hashable {
    /// Without prefix.
    public let name: String
    /// Visible ASCII without quote, comma, semicolon and backslash.
    public let value: String
    /// nil: until the browser is closed; zero: forget it now.
    public let maxAgeSeconds: Int?

    /// Traps on a name or value that a cookie cannot carry: both are made by the program.
    public init(_ name: String, _ value: String, maxAgeSeconds: Int? = nil) {
        precondition(!name.isEmpty && name.utf8.allSatisfy(isTokenByte), "bad cookie name")
        precondition(value.utf8.allSatisfy(Cookie.isValueByte), "bad cookie value")
        self.name = name
        self.value = value
        self.maxAgeSeconds = maxAgeSeconds
    }

    /// Tells the browser to forget the cookie.
    public static func removal(of name: String) -> Cookie { Cookie(name, "", maxAgeSeconds: 0) }

    /// The name as it travels.
    public static func wireName(_ name: String, isSecure: Bool) -> String {
        isSecure ? "__Host-" + name : name
    }

    /// The value of the `Set-Cookie` field.
    public func fieldValue(isSecure: Bool) -> String {
        var text = Cookie.wireName(name, isSecure: isSecure) + "=" + value + "; Path=/; HttpOnly; SameSite=Lax"
        if isSecure { text += "; Secure" }
        if let maxAgeSeconds { text += "; Max-Age=\(maxAgeSeconds)" }
        return text
    }

    /// cookie-octet of RFC 6265 §4.1.1.
    private static func isValueByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x21, 0x23...0x2B, 0x2D...0x3A, 0x3C...0x5B, 0x5D...0x7E: true
        default: false
        }
    }
}

/// The cookies of one answer; the last one of a name wins.
struct CookieJar: ~Copyable {
    private let cookies = Mutex<[Cookie]>([])

    func add(_ cookie: Cookie) {
        cookies.withLock { held in
            held.removeAll { $0.name == cookie.name }
            held.append(cookie)
        }
    }

    var all: [Cookie] { cookies.withLock { $0 } }
}
