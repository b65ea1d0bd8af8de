/// How a request is to be answered, decided on the loop from the head alone.
public enum Answer: Sendable {
    /// Ready in memory: written at once; a request body, if any, is read and dropped within the server's limit.
    case ready(Response)
    /// Complete in bytes: what is left is the date.
    case prepared(PreparedResponse)
    /// Needs the body, the store or time: runs as a task on the connection's loop.
    /// A body longer than `bodyLimit` bytes is refused with 413, at once when Content-Length says so.
    case later(bodyLimit: Int, @Sendable (Request) async -> Response)
}

/// Anything that answers requests: the seam between the server and what is served.
public protocol Responder: Sendable {
    /// Called on the connection's event loop once the head is complete; must not block.
    func answer(_ head: RequestHead, from peer: Peer) -> Answer
}
