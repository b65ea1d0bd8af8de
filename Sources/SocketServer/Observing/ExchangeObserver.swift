import HTTPWire

/// What one exchange came to, for the access log and for counters. No query and no header values: they may be personal.
public struct ExchangeRecord: Sendable {
    /// The listener's name.
    public let listener: String
    /// Its place among the server's listeners.
    public let listenerNumber: Int
    /// The number of the event loop that served it, from 0: observers may keep something for each, free of contention.
    public let loop: Int
    /// When it was finished, in milliseconds since 1970, within a few milliseconds.
    public let at: Int64
    /// Who asked.
    public let peer: Peer
    /// What was asked; the method is "-" when the head could not be read.
    public let head: RequestHead
    /// What was answered: the status code; 499 when the connection was closed before there was an answer.
    public let statusCode: Int
    /// Bytes of head and content handed to the connection.
    public let byteCount: Int64
    /// From the turn of the loop that completed the head to the complete answer, in microseconds.
    public let microseconds: UInt64
    /// Why the request was refused by the server itself, if it was, or stayed without an answer.
    public let refusal: Refusal?
}

/// Sees every exchange. Called on event loops: must not block.
public protocol ExchangeObserver: Sendable {
    /// An exchange ended.
    func exchangeFinished(_ record: ExchangeRecord)
}
