import HTTPWire

/// What one exchange came to, for the access log and for counters. No query and no header values: they may be personal.
public struct ExchangeRecord: Sendable {
    /// The listener's name.
    public let listener: String
    /// Who asked.
    public let peer: Peer
    /// The request's method.
    public let method: Method
    /// The path as sent.
    public let path: String
    /// What was answered.
    public let status: Status
    /// Bytes of head and content handed to the connection.
    public let byteCount: Int64
    /// From the complete head to the complete answer, in microseconds.
    public let microseconds: UInt64
    /// Why the request was refused by the server itself, if it was.
    public let refusal: Refusal?
}

/// Sees every exchange. Called on event loops: must not block.
public protocol ExchangeObserver: Sendable {
    /// An exchange ended.
    func exchangeFinished(_ record: ExchangeRecord)
}
