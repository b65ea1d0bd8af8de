import HTTPWire

private func text(_ bytes: [UInt8]) -> String? {
    guard let text = String(validating: bytes, as: UTF8.self), HeaderFields.isSafe(text) else { return nil }
    return text
}

private func fields(_ name: FieldName, _ value: String) -> HeaderFields {
    var fields = HeaderFields()
    fields.append(name, value)
    return fields
}

/// Urlencoded pairs: written again they are read the same.
@Sendable func fuzzURLEncoded(_ input: [UInt8]) {
    guard let values = try? NamedValues(decoding: input) else { return }
    // Written into one piece: the sanitizer takes much longer for an allocation than for what is tested.
    var again: [UInt8] = []
    again.reserveCapacity(4 * input.count)
    for pair in values.pairs {
        if !again.isEmpty { again.append(UInt8(ascii: "&")) }
        again.append(contentsOf: PercentEncoding.encode(pair.name).utf8)
        again.append(UInt8(ascii: "="))
        again.append(contentsOf: PercentEncoding.encode(pair.value).utf8)
    }
    claim((try? NamedValues(decoding: again)) == values, "pairs are read the same again")
}

/// Paths: no segment leads anywhere else, and written again they are read the same.
@Sendable func fuzzPath(_ input: [UInt8]) {
    guard let path = text([UInt8(ascii: "/")] + input), let segments = try? RequestPath.segments(of: path) else {
        return
    }
    for segment in segments {
        claim(segment != "." && segment != "..", "no dot segment")
        claim(!segment.utf8.contains { $0 == 0x2F || $0 == 0x5C || $0 < 0x20 || $0 == 0x7F }, "no hidden separator")
    }
    let again = "/" + segments.map(PercentEncoding.encode).joined(separator: "/")
    claim((try? RequestPath.segments(of: again)) == segments, "a path is read the same again")
}

/// Cookies: a value is a piece of the field without a separator.
@Sendable func fuzzCookie(_ input: [UInt8]) {
    guard let line = text(input) else { return }
    for name in ["a", "__Host-form", ""] {
        for value in Cookies.values(of: name, in: fields(.cookie, line)) {
            claim(!value.utf8.contains(UInt8(ascii: ";")), "a value ends at a semicolon")
            claim(value.utf8.count < line.utf8.count, "a value is shorter than its field")
        }
    }
}

/// Ranges: inside of what there is, apart from each other, and never more than everything.
@Sendable func fuzzRange(_ input: [UInt8]) {
    guard let first = input.first, let value = text(Array(input.dropFirst())) else { return }
    let size = Int64(first) * Int64(first) * 7
    guard case .parts(let ranges) = ByteRange.evaluate(value, size: size) else { return }
    claim((1...16).contains(ranges.count), "few ranges")
    var last: Int64 = -1
    var total: Int64 = 0
    for range in ranges.sorted(by: { $0.first < $1.first }) {
        claim(range.first > last && range.last >= range.first && range.last < size, "ranges lie inside and apart")
        last = range.last
        total += range.count
    }
    claim(total <= size, "no more than everything")
}

/// Dates: what is read is written and read the same.
@Sendable func fuzzDate(_ input: [UInt8]) {
    guard let text = text(input), let seconds = HTTPDate.parse(text) else { return }
    claim((-62_135_596_800...253_402_300_800).contains(seconds), "within the years 1 to 9999")
    guard (0..<253_402_300_800).contains(seconds) else { return }
    claim(HTTPDate.parse(HTTPDate.format(seconds: seconds)) == seconds, "a date is read the same again")
}

/// Forwarded: a client is an address in letters and nothing else.
@Sendable func fuzzForwarded(_ input: [UInt8]) {
    guard let value = text(input) else { return }
    for hop in ForwardedField.hops(value) {
        guard let client = hop.client else { continue }
        claim((2...45).contains(client.utf8.count), "an address is short")
        let letters = Set("0123456789abcdefABCDEF.:".utf8)
        claim(client.utf8.allSatisfy { letters.contains($0) }, "an address holds nothing else")
        claim(TextualAddress.canonical(client) == client, "one client has one text")
    }
}

/// Accept-Encoding: what is chosen was offered, and less is never chosen for more.
@Sendable func fuzzAccept(_ input: [UInt8]) {
    guard let value = text(input) else { return }
    let fields = fields(.acceptEncoding, value)
    let both = AcceptEncoding.choose(from: [.brotli, .gzip], for: fields)
    let none = AcceptEncoding.choose(from: [], for: fields)
    if case .coding = none { claim(false, "nothing is chosen from nothing") }
    if both == .nothing { claim(none == .nothing, "who takes nothing of two takes nothing of none") }
    if case .coding(let coding) = AcceptEncoding.choose(from: [.gzip], for: fields) {
        claim(coding == .gzip, "what is chosen was offered")
        if case .coding = both { return }
        claim(false, "another offer takes nothing away")
    }
}

/// Preconditions: any list of tags is read without harm, and says the same to HEAD as to GET.
@Sendable func fuzzTags(_ input: [UInt8]) {
    guard let value = text(input) else { return }
    let held = ConditionalRequest.Validators(etag: "\"a\"", modifiedAt: 784_111_777)
    for name in [FieldName.ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince, .ifRange] {
        let get = RequestHead(method: .get, path: "/", fields: fields(name, value))
        let head = RequestHead(method: .head, path: "/", fields: fields(name, value))
        claim(
            ConditionalRequest.evaluate(get, held) == ConditionalRequest.evaluate(head, held), "HEAD is as GET")
    }
    let range = RequestHead(method: .get, path: "/", fields: fields(.ifRange, value))
    if ConditionalRequest.rangeApplies(range, held) {
        claim(value == "\"a\"" || HTTPDate.parse(value) == 784_111_777, "If-Range is exact")
    }
}
