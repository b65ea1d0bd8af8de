/// How a response's content is delimited on the wire (RFC 9112 §6.3).
public enum ResponseFraming: Sendable, Hashable {
    /// No content and no length: 1xx, 204, 304.
    case none
    /// Content-Length; the content itself is left out for HEAD.
    case length(Int64)
    /// Chunked transfer coding.
    case chunked
    /// Ends with the connection (streams to HTTP/1.0 clients).
    case untilClose
}

/// Messages to bytes.
public enum ResponseEncoder {
    /// Chooses the framing of `response` for a client of `version`.
    public static func framing(of response: Response, version: RequestHead.Version) -> ResponseFraming {
        guard response.status.allowsContent else { return .none }
        switch response.body {
        case .empty: return .length(0)
        case .bytes(let bytes): return .length(Int64(bytes.count))
        case .file(let region): return .length(region.byteCount)
        case .stream: return version == .http11 ? .chunked : .untilClose
        }
    }

    /// Appends the status line and header section. `date` is the field value, made once a second by the caller.
    /// `Connection: close` is added when this is the last exchange, `keep-alive` for HTTP/1.0 clients that asked.
    public static func appendHead(
        of response: Response, framing: ResponseFraming, version: RequestHead.Version, keepAlive: Bool,
        date: [UInt8], to buffer: inout [UInt8]
    ) {
        appendStatusAndFields(of: response, to: &buffer)
        buffer.append(contentsOf: dateName)
        buffer.append(contentsOf: date)
        switch framing {
        case .none, .untilClose: break
        case .length(let count):
            buffer.append(contentsOf: "\r\nContent-Length: ".utf8)
            append(count, to: &buffer)
        case .chunked: buffer.append(contentsOf: "\r\nTransfer-Encoding: chunked".utf8)
        }
        appendEnd(version: version, keepAlive: keepAlive && framing != .untilClose, to: &buffer)
    }

    /// Appends a prepared answer, without its content unless `hasContent`. `date` as above.
    public static func append(
        _ prepared: PreparedResponse, version: RequestHead.Version, keepAlive: Bool, hasContent: Bool, date: [UInt8],
        to buffer: inout [UInt8]
    ) {
        let start = buffer.count
        if keepAlive, version == .http11, hasContent {
            buffer.append(contentsOf: prepared.bytes)
        } else {
            let dateEnd = prepared.datePlace + HTTPDate.byteCount
            buffer.append(contentsOf: UnsafeRawBufferPointer(rebasing: prepared.bytes[..<dateEnd]))
            appendEnd(version: version, keepAlive: keepAlive, to: &buffer)
            if hasContent { buffer.append(contentsOf: prepared.content) }
        }
        let place = start + prepared.datePlace
        buffer.withUnsafeMutableBytes { bytes in
            date.withUnsafeBytes {
                let date = UnsafeRawBufferPointer(rebasing: $0[..<HTTPDate.byteCount])
                UnsafeMutableRawBufferPointer(rebasing: bytes[place...]).copyMemory(from: date)
            }
        }
    }

    /// What a prepared answer begins with: all but the date's value and what depends on the connection.
    static func preparedHead(of response: Response) -> [UInt8] {
        var head: [UInt8] = []
        appendStatusAndFields(of: response, to: &head)
        if case .length(let count) = framing(of: response, version: .http11) {
            head.append(contentsOf: "\r\nContent-Length: ".utf8)
            append(count, to: &head)
        }
        head.append(contentsOf: dateName)
        return head
    }

    private static func appendStatusAndFields(of response: Response, to buffer: inout [UInt8]) {
        buffer.append(contentsOf: "HTTP/1.1 ".utf8)
        append(Int64(response.status.code), to: &buffer)
        buffer.append(Octet.space)
        buffer.append(contentsOf: response.status.reason.utf8)
        for field in response.fields.fields where !isOurs(field.name.known) {
            buffer.append(Octet.carriageReturn)
            buffer.append(Octet.lineFeed)
            buffer.append(contentsOf: field.name.raw.utf8)
            buffer.append(Octet.colon)
            buffer.append(Octet.space)
            buffer.append(contentsOf: field.value.utf8)
        }
    }

    /// Fields that say where the message ends: the server alone knows it, and two of them would let others read a second message
    /// out of one.
    private static func isOurs(_ name: KnownField) -> Bool {
        name == .contentLength || name == .transferEncoding || name == .connection
    }

    private static func appendEnd(version: RequestHead.Version, keepAlive: Bool, to buffer: inout [UInt8]) {
        if !keepAlive {
            buffer.append(contentsOf: closeEnd)
        } else if version == .http10 {
            buffer.append(contentsOf: keepAliveEnd)
        } else {
            buffer.append(contentsOf: end)
        }
    }

    private static let dateName = Array("\r\nDate: ".utf8)
    static let end = Array("\r\n\r\n".utf8)
    private static let closeEnd = Array("\r\nConnection: close\r\n\r\n".utf8)
    private static let keepAliveEnd = Array("\r\nConnection: keep-alive\r\n\r\n".utf8)

    /// Appends one chunk; nothing for empty pieces, because an empty chunk would end the content.
    public static func appendChunk(_ piece: [UInt8], to buffer: inout [UInt8]) {
        guard !piece.isEmpty else { return }
        buffer.append(contentsOf: String(piece.count, radix: 16).utf8)
        buffer.append(contentsOf: "\r\n".utf8)
        buffer.append(contentsOf: piece)
        buffer.append(contentsOf: "\r\n".utf8)
    }

    /// The last chunk with an empty trailer section.
    public static let lastChunk = Array("0\r\n\r\n".utf8)

    /// What allows the client to send the content (RFC 9110 §15.2.1).
    public static let `continue` = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    private static func append(_ number: Int64, to buffer: inout [UInt8]) {
        if number >= 10 { append(number / 10, to: &buffer) }
        buffer.append(UInt8(ascii: "0") + UInt8(number % 10))
    }
}
