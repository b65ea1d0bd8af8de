import HTTPWire

/// What a connection may cost in bytes and time. Deadlines are absolute: a slow sender cannot push them forward.
public struct ServerLimits: Sendable {
    /// Heads, chunk lines, trailers.
    public var wire = WireLimits()
    /// Open connections of the whole server; beyond, 503 with Retry-After and close.
    public var connections = 20_000
    /// So many more are taken to hear what they want: health checks are answered, everybody else is told to come back.
    /// Each listener may hold so many whatever happens on the others.
    public var reservedConnections = 64
    /// Open connections of one address, an IPv6 /64 network taken together; trusted proxies and loopback are exempt.
    public var connectionsPerAddress = 500
    /// Requests in progress of one client that a trusted proxy speaks for; 503 with Retry-After beyond.
    public var requestsPerClient = 100
    /// A new connection that sends nothing is closed after this, in milliseconds (TLS handshake included).
    public var silentMilliseconds: UInt64 = 10_000
    /// A head must be complete this long after its first byte, in milliseconds; 408 beyond.
    public var headMilliseconds: UInt64 = 20_000
    /// An idle kept connection is closed after this, in milliseconds.
    public var keepAliveMilliseconds: UInt64 = 60_000
    /// A body may be slow for this long, in milliseconds …
    public var bodyGraceMilliseconds: UInt64 = 10_000
    /// … and must then have come at this average rate, in bytes a second; 408 beyond.
    public var bodyBytesPerSecond: UInt64 = 500
    /// While output waits for the client, its reading is looked at each time this has passed, in milliseconds …
    public var writeMilliseconds: UInt64 = 30_000
    /// … and it must have acknowledged so many bytes a second on average, or all that is on its way; close beyond.
    public var writeBytesPerSecond: UInt64 = 500
    /// A handler must answer this long after the request is complete, in milliseconds; 503 beyond.
    public var handlerMilliseconds: UInt64 = 30_000
    /// Unread body bytes that wait for a handler before the client is held back.
    public var bodyBacklogBytes = 65_536
    /// Output bytes that wait for a slow client before the handler is held back.
    public var outputBacklogBytes = 65_536
    /// Bytes of a refused or unwanted body that are read and dropped before the connection is closed.
    public var discardBytes: Int64 = 262_144
    /// How long a closing connection waits for the client to read its answer, in milliseconds.
    public var lingerMilliseconds: UInt64 = 2_000
    /// While the server stops, a connection without a request is closed after this, in milliseconds.
    public var drainIdleMilliseconds: UInt64 = 500
    /// New connections that a loop takes from a listener before it looks after the open ones again.
    public var acceptsPerTurn = 64

    /// The product's numbers.
    public init() {}
}
