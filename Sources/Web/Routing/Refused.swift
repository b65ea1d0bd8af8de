import HTTPWire

/// Thrown by handlers and middleware to end a request with a status; the error page follows from it.
public struct Refused: Error, Sendable {
    /// The status of the answer.
    public let status: Status
    /// For the log, never shown.
    public let reason: String
    /// Seconds after which the client may try again; sent as `Retry-After`.
    public let retryAfterSeconds: Int?

    /// Ends the request with `status`.
    public init(_ status: Status, _ reason: String = "", retryAfterSeconds: Int? = nil) {
        self.status = status
        self.reason = reason
        self.retryAfterSeconds = retryAfterSeconds
    }
}
