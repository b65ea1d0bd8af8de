/// Who is at the other end of a connection.
public struct Peer: Sendable, Hashable {
    /// The textual address: of the socket, or what a trusted proxy says of its client.
    public let address: String
    /// Whether the connection to this server is TLS (or a trusted proxy says that the client's is).
    public let isSecure: Bool

    /// Names a peer.
    public init(address: String, isSecure: Bool) {
        self.address = address
        self.isSecure = isSecure
    }

    /// Whom limits count: the address, or the /64 network of an IPv6 address. One subscriber holds at least that (RFC 6177 §2)
    /// and could take another address of it for each request.
    public var subscriber: String { Peer.subscriber(of: address) }

    /// The same for an address in any of its textual forms; other text stays as it is.
    public static func subscriber(of address: String) -> String { TextualAddress.subscriber(of: address) }
}

/// Why a body could not be read to its end.
public enum BodyError: Error, Sendable, Hashable {
    /// More bytes than the route takes (413).
    case tooLarge(limit: Int)
    /// The framing broke, the client went away, or it was too slow; the connection is closed.
    case incomplete
}

/// A request's content, read piece by piece; not reading it holds the client back (back-pressure).
public struct RequestBody: Sendable {
    private let nextPiece: (@Sendable () async throws(BodyError) -> [UInt8]?)?

    /// Nothing.
    public static let none = RequestBody(nextPiece: nil)

    private init(nextPiece: (@Sendable () async throws(BodyError) -> [UInt8]?)?) {
        self.nextPiece = nextPiece
    }

    /// Wraps the connection's reader.
    public init(next: @escaping @Sendable () async throws(BodyError) -> [UInt8]?) {
        self.nextPiece = next
    }

    /// A body that is already there, for tests and short forms.
    public init(_ bytes: [UInt8]) {
        let once = OneShot(bytes)
        self.nextPiece = { () async throws(BodyError) -> [UInt8]? in once.take() }
    }

    /// The next piece, at most 64 KB; nil at the end.
    public func next() async throws(BodyError) -> [UInt8]? {
        try await nextPiece?()
    }

    /// Everything, or `tooLarge` as soon as more than `limit` bytes have come.
    public func collect(upTo limit: Int) async throws(BodyError) -> [UInt8] {
        var all: [UInt8] = []
        while let piece = try await next() {
            guard all.count + piece.count <= limit else { throw .tooLarge(limit: limit) }
            all.append(contentsOf: piece)
        }
        return all
    }
}

import Synchronization

private final class OneShot: Sendable {
    private let bytes: Mutex<[UInt8]?>

    init(_ bytes: [UInt8]) {
        self.bytes = Mutex(bytes.isEmpty ? nil : bytes)
    }

    func take() -> [UInt8]? {
        bytes.withLock { held in
            defer { held = nil }
            return held
        }
    }
}

/// A whole request as an asynchronous handler gets it.
public struct Request: Sendable {
    /// Control data and header section.
    public let head: RequestHead
    /// The content, streamed.
    public let body: RequestBody
    /// Who asks.
    public let peer: Peer

    /// Puts a request together.
    public init(head: RequestHead, body: RequestBody, peer: Peer) {
        self.head = head
        self.body = body
        self.peer = peer
    }
}
