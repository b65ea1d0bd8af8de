import HTTPWire

/// As a loop's: the next head finds what the last one left.
private nonisolated(unsafe) var buffer = HeadBuffer()

private func parse(_ bytes: [UInt8], after place: Int? = nil) -> Result<ParsedHead?, Refusal> {
    var parser = RequestParser()
    for end in [place, bytes.count].compactMap({ $0 }) {
        let outcome: Result<ParsedHead?, Refusal> = bytes[..<end].withUnsafeBytes { part in
            do throws(Refusal) {
                return .success(try parser.parse(part, into: &buffer))
            } catch {
                return .failure(error)
            }
        }
        if case .success(nil) = outcome { continue }
        return outcome
    }
    return .success(nil)
}

private func isSame(_ one: ParsedHead, _ other: ParsedHead) -> Bool {
    one.head.method == other.head.method && one.head.path == other.head.path && one.head.query == other.head.query
        && one.head.version == other.head.version && one.head.fields.fields == other.head.fields.fields
        && one.framing == other.framing && one.keepAlive == other.keepAlive
        && one.expectsContinue == other.expectsContinue
}

/// Heads: read as the plain way reads them, the same at every split, nothing taken that is not there, nothing in a field that
/// splits a message, and written again they are read the same.
@Sendable func fuzzHead(_ input: [UInt8]) {
    let (bytes, place) = cut(input)
    compare(parse(bytes), PlainHead.read(bytes))
    switch (parse(bytes), parse(bytes, after: place)) {
    case (.failure(let one), .failure(let other)): claim(one.status == other.status, "the status is the same")
    case (.success(nil), .success(nil)): return
    case (.success(nil), .failure):
        // A first byte alone can show that no request comes; with more at once the end of the head is awaited.
        if case .success = parse(bytes + Array("\r\n\r\n".utf8)) { claim(false, "what is refused early is refused") }
    case (.success(let one?), .success(let other?)):
        claim(isSame(one, other) && one.byteCount == other.byteCount, "a split changes nothing")
        claim((1...bytes.count).contains(one.byteCount), "no more is taken than there is")
        check(one)
    default: claim(false, "a split changes nothing")
    }
}

private func compare(_ outcome: Result<ParsedHead?, Refusal>, _ plain: PlainHead.Outcome) {
    switch (outcome, plain) {
    case (.success(let parsed?), .read(let plain)):
        let head = parsed.head
        claim(head.method.name == plain.method, "the same method")
        claim(head.path == plain.path && head.query == plain.query, "the same target")
        claim((head.version == .http11) == (plain.minorVersion == 1), "the same version")
        claim(parsed.byteCount == plain.byteCount, "the same end")
        let fields = head.fields.fields
        claim(fields.map(\.name.raw) == plain.fields.map(\.name), "the same names")
        claim(fields.map(\.value) == plain.fields.map(\.value), "the same values")
        let length: Int64 =
            switch parsed.framing {
            case .none: 0
            case .length(let count): count
            case .chunked: -1
            }
        claim(length == plain.length, "the same length")
        claim(parsed.keepAlive == plain.keepAlive, "the same persistence")
        claim(parsed.expectsContinue == plain.expectsContinue, "the same expectation")
    case (.failure(let refusal), .refused(let status)): claim(refusal.status.code == status, "refused as the same")
    // Whatever a head will never begin with is refused before its end is there.
    case (.success(nil), .incomplete), (.failure, .incomplete): break
    default: claim(false, "taken and refused alike")
    }
}

private func check(_ parsed: ParsedHead) {
    let head = parsed.head
    claim(head.path == "*" || head.path.hasPrefix("/"), "a path begins with a slash")
    var text = "\(head.method) \(head.path)\(head.query.map { "?" + $0 } ?? "") "
    text += head.version == .http11 ? "HTTP/1.1\r\n" : "HTTP/1.0\r\n"
    for field in head.fields.fields {
        claim(HeaderFields.isSafe(field.value) && FieldName(field.name.raw) != nil, "a field cannot split a message")
        text += "\(field.name): \(field.value)\r\n"
    }
    guard case .success(let again?) = parse(Array((text + "\r\n").utf8)) else {
        claim(false, "what was read can be read again")
        return
    }
    claim(isSame(parsed, again), "what was read is read the same again")
}

private struct Decoded {
    var content: [UInt8] = []
    var consumed = 0
    var isComplete = false
}

private func decode(_ bytes: [UInt8], cutAt place: Int) -> Result<Decoded, Refusal> {
    var decoder = BodyDecoder(framing: .chunked)
    var decoded = Decoded()
    for part in [bytes[..<place], bytes[place...]] where !decoder.isComplete {
        let outcome: Result<Int, Refusal> = part.withUnsafeBytes { buffer in
            do throws(Refusal) {
                return .success(try decoder.decode(buffer) { decoded.content.append(contentsOf: $0) })
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .failure(let refusal): return .failure(refusal)
        case .success(let count):
            claim(count == part.count || decoder.isComplete, "only a complete body leaves bytes alone")
            decoded.consumed += count
        }
    }
    decoded.isComplete = decoder.isComplete
    return .success(decoded)
}

/// Chunked bodies: the same at every split, and written again they are read the same.
@Sendable func fuzzChunked(_ input: [UInt8]) {
    let (bytes, place) = cut(input)
    switch (decode(bytes, cutAt: bytes.count), decode(bytes, cutAt: place)) {
    case (.failure(let one), .failure(let other)): claim(one.status == other.status, "the status is the same")
    case (.success(let one), .success(let other)):
        claim(
            one.content == other.content && one.consumed == other.consumed && one.isComplete == other.isComplete,
            "a split changes nothing")
        claim(one.consumed <= bytes.count && one.content.count <= one.consumed, "no more is taken than there is")
        var wire: [UInt8] = []
        ResponseEncoder.appendChunk(one.content, to: &wire)
        wire += ResponseEncoder.lastChunk
        guard case .success(let again) = decode(wire, cutAt: place % (wire.count + 1)) else {
            return claim(false, "our own chunks can be read")
        }
        claim(again.isComplete && again.content == one.content, "our own chunks are read the same")
    default: claim(false, "a split changes nothing")
    }
}

private func parts(_ bytes: [UInt8], cutAt place: Int) -> [MultipartParser.Event]? {
    guard var parser = MultipartParser(boundary: "b") else { return nil }
    var events: [MultipartParser.Event] = []
    do {
        for piece in [bytes[..<place], bytes[place...]] {
            for event in try parser.feed(Array(piece)) {
                if case .content(let more) = event, case .content(let before) = events.last {
                    events[events.count - 1] = .content(before + more)
                } else {
                    events.append(event)
                }
            }
        }
        try parser.finish()
        return events
    } catch {
        return nil
    }
}

/// Multipart forms: the same at every split, and parts begin and end in turn.
@Sendable func fuzzMultipart(_ input: [UInt8]) {
    let (bytes, place) = cut(input)
    let whole = parts(bytes, cutAt: bytes.count)
    claim(whole == parts(bytes, cutAt: place), "a split changes nothing")
    var isOpen = false
    var contentBytes = 0
    for event in whole ?? [] {
        switch event {
        case .begin:
            claim(!isOpen, "a part begins outside of parts")
            isOpen = true
        case .content(let content):
            claim(isOpen && !content.isEmpty, "content is inside of parts")
            contentBytes += content.count
        case .end:
            claim(isOpen, "a part ends once")
            isOpen = false
        }
    }
    claim(!isOpen && contentBytes <= bytes.count, "every part ends")
}

/// PROXY headers: nothing before the whole header is there, and what follows it changes nothing.
@Sendable func fuzzProxy(_ input: [UInt8]) {
    let (bytes, place) = cut(input)
    // Flattened: nil for what is refused and for what is incomplete.
    let early = try? ProxyHeader.parse(Array(bytes[..<place]))
    guard let header = try? ProxyHeader.parse(bytes) else {
        claim(early == nil, "what is refused or incomplete was never taken")
        return
    }
    claim((1...bytes.count).contains(header.byteCount), "no more is taken than there is")
    claim(header.client.flatMap { TextualAddress.canonical($0) } == header.client, "one client has one text")
    claim(place >= header.byteCount ? early == header : early == nil, "a header ends where it ends")
}
