/// Takes a message's content out of the byte stream (RFC 9112 §6.2, §7.1), piece by piece and without copying.
public struct BodyDecoder: Sendable {
    /// What chunk lines and trailers may cost.
    public let limits: WireLimits
    /// Content bytes seen so far.
    public private(set) var bodyByteCount: Int64 = 0
    private var state: State
    private var line: [UInt8] = []
    private var trailerBytes = 0
    private var extensionBytes = 0
    private var trailers: FieldSection

    private enum State: Sendable {
        case fixed(remaining: Int64)
        case chunkLine
        case chunkData(remaining: Int64)
        case chunkEnd
        case trailers
        case complete
    }

    /// A decoder at the first byte of the content.
    public init(framing: BodyFraming, limits: WireLimits = WireLimits()) {
        self.limits = limits
        self.trailers = FieldSection(limits: limits)
        switch framing {
        case .none: state = .complete
        case .length(let count): state = count == 0 ? .complete : .fixed(remaining: count)
        case .chunked: state = .chunkLine
        }
    }

    /// Whether the whole content, trailers included, has been consumed.
    public var isComplete: Bool {
        if case .complete = state { true } else { false }
    }

    /// Content that is still to come, when its length is known and nothing but content can come: it may then be received
    /// without looking at it, and told to `took`.
    public var plainBytesToCome: Int64? {
        if case .fixed(let remaining) = state { remaining } else { nil }
    }

    /// `count` bytes of content were received past the decoder; at most `plainBytesToCome`.
    public mutating func took(_ count: Int) {
        guard case .fixed(let remaining) = state else { preconditionFailure("the length is not known") }
        precondition(Int64(count) <= remaining, "more than the content")
        bodyByteCount += Int64(count)
        state = remaining == Int64(count) ? .complete : .fixed(remaining: remaining - Int64(count))
    }

    /// Trailer fields of a chunked message; they are checked and otherwise unused.
    public var trailerFields: HeaderFields { trailers.fields }

    /// Consumes as much of `input` as belongs to this message and passes content on; returns the bytes consumed.
    public mutating func decode(
        _ input: UnsafeRawBufferPointer, into sink: (UnsafeRawBufferPointer) -> Void
    ) throws(Refusal) -> Int {
        var position = 0
        while position < input.count {
            switch state {
            case .complete: return position
            case .fixed(let remaining):
                let taken = pass(input, from: position, atMost: remaining, into: sink)
                position += taken
                state = remaining == Int64(taken) ? .complete : .fixed(remaining: remaining - Int64(taken))
            case .chunkData(let remaining):
                let taken = pass(input, from: position, atMost: remaining, into: sink)
                position += taken
                state = remaining == Int64(taken) ? .chunkEnd : .chunkData(remaining: remaining - Int64(taken))
            case .chunkLine:
                guard let line = try takeLine(input, &position, atMost: limits.chunkLineBytes) else { return position }
                let size = try chunkSize(line)
                state = size == 0 ? .trailers : .chunkData(remaining: size)
            case .chunkEnd:
                guard let line = try takeLine(input, &position, atMost: 0) else { return position }
                guard line.isEmpty else { throw Refusal(.badRequest, "RFC 9112 §7.1", "chunk longer than its size") }
                state = .chunkLine
            case .trailers:
                guard let line = try takeLine(input, &position, atMost: limits.trailerBytes) else { return position }
                try addTrailer(line)
            }
        }
        return position
    }

    private mutating func pass(
        _ input: UnsafeRawBufferPointer, from position: Int, atMost remaining: Int64,
        into sink: (UnsafeRawBufferPointer) -> Void
    ) -> Int {
        let count = Int(min(remaining, Int64(input.count - position)))
        bodyByteCount += Int64(count)
        sink(UnsafeRawBufferPointer(rebasing: input[position..<(position + count)]))
        return count
    }

    /// A line without its CRLF; nil while it is incomplete (what came is kept).
    private mutating func takeLine(
        _ input: UnsafeRawBufferPointer, _ position: inout Int, atMost limit: Int
    ) throws(Refusal) -> [UInt8]? {
        let newline = input.firstOffset(of: Octet.lineFeed, from: position)
        let end = newline.map { $0 + 1 } ?? input.count
        guard line.count + end - position <= limit + 2 else {
            if case .trailers = state { throw RequestParser.headTooLarge }
            throw Refusal(.badRequest, "RFC 9112 §7.1", "chunk line too long, or data longer than its size")
        }
        line.append(contentsOf: input[position..<end])
        position = end
        guard newline != nil else {
            if let stray = line.firstIndex(of: Octet.carriageReturn), stray != line.count - 1 {
                throw Refusal(.badRequest, "RFC 9112 §2.2", "bare CR")
            }
            return nil
        }
        guard line.count >= 2, line[line.count - 2] == Octet.carriageReturn else {
            throw Refusal(.badRequest, "RFC 9112 §2.2", "bare LF")
        }
        defer { line.removeAll(keepingCapacity: true) }
        return Array(line.dropLast(2))
    }

    private mutating func addTrailer(_ line: [UInt8]) throws(Refusal) {
        if line.isEmpty {
            state = .complete
            return
        }
        trailerBytes += line.count
        guard trailerBytes <= limits.trailerBytes else { throw RequestParser.headTooLarge }
        var section = trailers
        let whole = line + [Octet.carriageReturn, Octet.lineFeed]
        let outcome: Result<Void, Refusal> = whole.withUnsafeBytes { bytes in
            do throws(Refusal) { return .success(try section.add(bytes)) } catch { return .failure(error) }
        }
        try outcome.get()
        if let name = section.fields.fields.last?.name, BodyDecoder.notInTrailers.contains(name.canonical) {
            throw Refusal(.badRequest, "RFC 9110 §6.5.1", "field not allowed in trailers")
        }
        trailers = section
    }

    /// Fields for framing, routing, modifying, authenticating and reading a message must be known before its content
    /// (RFC 9110 §6.5.1): in trailers they can only be meant for someone who merges them.
    private static let notInTrailers: Set<String> = [
        "transfer-encoding", "content-length", "host", "connection", "te", "trailer", "upgrade", "keep-alive",
        "proxy-connection", "content-encoding", "content-type", "content-range", "content-location", "cache-control",
        "expect", "max-forwards", "pragma", "range", "if-match", "if-none-match", "if-modified-since",
        "if-unmodified-since", "if-range", "authorization", "proxy-authorization", "cookie", "set-cookie", "origin",
        "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
    ]

    /// `chunk-size [ chunk-ext ]`: hexadecimal digits, at most 15, so that no sum overflows.
    private mutating func chunkSize(_ line: [UInt8]) throws(Refusal) -> Int64 {
        var size: Int64 = 0
        var digits = 0
        while digits < line.count, let value = Octet.hexValue(line[digits]) {
            guard digits < 15 else { throw Refusal(.badRequest, "RFC 9112 §7.1", "chunk size too large") }
            size = size << 4 | Int64(value)
            digits += 1
        }
        guard digits > 0 else { throw Refusal(.badRequest, "RFC 9112 §7.1", "no chunk size") }
        guard digits < line.count else { return size }
        // Nobody sends extensions but those who hope that they cost the receiver more than the sender.
        extensionBytes += line.count - digits
        guard extensionBytes <= limits.trailerBytes else {
            throw Refusal(.badRequest, "RFC 9112 §7.1.1", "chunk extensions too long together")
        }
        guard ChunkExtension.isWellFormed(line[digits...]) else {
            throw Refusal(.badRequest, "RFC 9112 §7.1.1", "malformed chunk extension")
        }
        return size
    }
}
