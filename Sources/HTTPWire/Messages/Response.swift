/// A part of an open file; the object closes the descriptor when the last holder lets go.
public protocol FileRegion: AnyObject, Sendable {
    /// An open, readable descriptor of a regular file.
    var descriptor: Int32 { get }
    /// First byte to send.
    var offset: Int64 { get }
    /// Bytes to send.
    var byteCount: Int64 { get }
}

/// Writes a streamed response; waits while the client is slow.
public struct ResponseBodyWriter: Sendable {
    private let writePiece: @Sendable ([UInt8]) async throws(BodyError) -> Void

    /// Wraps the connection's writer.
    public init(write: @escaping @Sendable ([UInt8]) async throws(BodyError) -> Void) {
        self.writePiece = write
    }

    /// Sends `bytes`; throws `incomplete` when the client is gone.
    public func write(_ bytes: [UInt8]) async throws(BodyError) {
        try await writePiece(bytes)
    }
}

/// What follows the header section.
public enum ResponseBody: Sendable {
    /// Nothing.
    case empty
    /// Bytes ready in memory.
    case bytes([UInt8])
    /// A file, sent with sendfile(2) where the connection is plain.
    case file(any FileRegion)
    /// Bytes made while sending; chunked (HTTP/1.1) or ended by close (HTTP/1.0).
    case stream(@Sendable (ResponseBodyWriter) async throws(BodyError) -> Void)
}

/// A response: the server adds `Date`, `Content-Length` or `Transfer-Encoding`, and `Connection`.
public struct Response: Sendable {
    /// The status line.
    public var status: Status { didSet { prepared = nil } }
    /// The header section without framing fields.
    public var fields: HeaderFields { didSet { prepared = nil } }
    /// The content. A response to HEAD keeps it, so that lengths are true; the server leaves it unsent.
    public var body: ResponseBody { didSet { prepared = nil } }
    /// The same in bytes, as long as nothing was changed: a complete answer that was made ahead of time.
    public internal(set) var prepared: PreparedResponse?

    /// Puts a response together.
    public init(_ status: Status, fields: HeaderFields = HeaderFields(), body: ResponseBody = .empty) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}
