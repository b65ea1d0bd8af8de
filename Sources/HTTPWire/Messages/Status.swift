/// A response status: three digits (RFC 9110 §15). The reason phrase is sent for people who read wires.
public struct Status: Hashable, Sendable {
    /// 100 … 599.
    public let code: Int
    /// The phrase of RFC 9110 §15, or of the RFC that defines the code.
    public let reason: String

    /// Makes a status; `code` must be 100 … 599, which only a programming mistake can break.
    public init(_ code: Int, _ reason: String) {
        precondition((100...599).contains(code), "status code \(code) outside 100...599")
        self.code = code
        self.reason = reason
    }

    /// 1xx, 204 and 304 never carry content (RFC 9110 §6.4.1).
    public var allowsContent: Bool { code >= 200 && code != 204 && code != 304 }
}

extension Status {
    /// RFC 9110 §15.2.1
    public static let `continue` = Status(100, "Continue")
    /// RFC 9110 §15.3.1
    public static let ok = Status(200, "OK")
    /// RFC 9110 §15.3.2
    public static let created = Status(201, "Created")
    /// RFC 9110 §15.3.5
    public static let noContent = Status(204, "No Content")
    /// RFC 9110 §15.3.7
    public static let partialContent = Status(206, "Partial Content")
    /// RFC 9110 §15.4.2
    public static let movedPermanently = Status(301, "Moved Permanently")
    /// RFC 9110 §15.4.4
    public static let seeOther = Status(303, "See Other")
    /// RFC 9110 §15.4.5
    public static let notModified = Status(304, "Not Modified")
    /// RFC 9110 §15.4.9
    public static let permanentRedirect = Status(308, "Permanent Redirect")
    /// RFC 9110 §15.5.1
    public static let badRequest = Status(400, "Bad Request")
    /// RFC 9110 §15.5.2
    public static let unauthorized = Status(401, "Unauthorized")
    /// RFC 9110 §15.5.4
    public static let forbidden = Status(403, "Forbidden")
    /// RFC 9110 §15.5.5
    public static let notFound = Status(404, "Not Found")
    /// RFC 9110 §15.5.6
    public static let methodNotAllowed = Status(405, "Method Not Allowed")
    /// RFC 9110 §15.5.9
    public static let requestTimeout = Status(408, "Request Timeout")
    /// RFC 9110 §15.5.10
    public static let conflict = Status(409, "Conflict")
    /// RFC 9110 §15.5.11
    public static let gone = Status(410, "Gone")
    /// RFC 9110 §15.5.13
    public static let preconditionFailed = Status(412, "Precondition Failed")
    /// RFC 9110 §15.5.14
    public static let contentTooLarge = Status(413, "Content Too Large")
    /// RFC 9110 §15.5.15
    public static let uriTooLong = Status(414, "URI Too Long")
    /// RFC 9110 §15.5.16
    public static let unsupportedMediaType = Status(415, "Unsupported Media Type")
    /// RFC 9110 §15.5.17
    public static let rangeNotSatisfiable = Status(416, "Range Not Satisfiable")
    /// RFC 9110 §15.5.18
    public static let expectationFailed = Status(417, "Expectation Failed")
    /// RFC 9110 §15.5.21
    public static let unprocessableContent = Status(422, "Unprocessable Content")
    /// RFC 6585 §4
    public static let tooManyRequests = Status(429, "Too Many Requests")
    /// RFC 6585 §5
    public static let headerFieldsTooLarge = Status(431, "Request Header Fields Too Large")
    /// RFC 9110 §15.6.1
    public static let internalServerError = Status(500, "Internal Server Error")
    /// RFC 9110 §15.6.2
    public static let notImplemented = Status(501, "Not Implemented")
    /// RFC 9110 §15.6.4
    public static let serviceUnavailable = Status(503, "Service Unavailable")
    /// RFC 9110 §15.6.6
    public static let versionNotSupported = Status(505, "HTTP Version Not Supported")
}
