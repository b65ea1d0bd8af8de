/// What a head must satisfy as a whole: Host, framing, persistence, expectation.
enum HeadRules {
    /// Only fields that are there cost anything.
    static func check(_ storage: HeadStorage, byteCount: Int) throws(Refusal) -> ParsedHead {
        try checkHost(storage)
        if let authority = storage.authority { storage.setHost(to: authority) }
        let isOrdinary = storage.present & (framingFields | KnownField.connection.bit | KnownField.expect.bit) == 0
        guard !isOrdinary else {
            return ParsedHead(
                head: RequestHead(storage: storage), framing: .none, keepAlive: storage.version == .http11,
                expectsContinue: false, byteCount: byteCount)
        }
        let framing = try framing(storage)
        let expectsContinue = try expectsContinue(storage)
        return ParsedHead(
            head: RequestHead(storage: storage), framing: framing, keepAlive: keepAlive(storage),
            expectsContinue: expectsContinue && framing != .none, byteCount: byteCount)
    }

    private static let framingFields = KnownField.transferEncoding.bit | KnownField.contentLength.bit

    private static func values(_ storage: HeadStorage, _ known: KnownField) -> [String] {
        guard storage.has(known) else { return [] }
        return storage.lines.filter { $0.known == known }.map { storage.text($0.value) }
    }

    @inline(__always)
    private static func checkHost(_ storage: HeadStorage) throws(Refusal) {
        guard storage.has(.host) else {
            // HTTP/1.0 clients, HAProxy's default health check among them, send none.
            guard storage.version == .http10 else { throw Refusal(.badRequest, "RFC 9112 §3.2", "no Host field") }
            return
        }
        guard !storage.isRepeated(.host) else { throw Refusal(.badRequest, "RFC 9112 §3.2", "two Host fields") }
        guard storage.hostIsKnown || storage.hostIsValid() else {
            throw Refusal(.badRequest, "RFC 9112 §3.2", "invalid Host")
        }
    }

    private static func framing(_ storage: HeadStorage) throws(Refusal) -> BodyFraming {
        if storage.has(.transferEncoding) {
            guard storage.version == .http11 else {
                throw Refusal(.badRequest, "RFC 9112 §6.1", "Transfer-Encoding in HTTP/1.0")
            }
            guard !storage.has(.contentLength) else {
                throw Refusal(.badRequest, "RFC 9112 §6.3", "Content-Length with Transfer-Encoding")
            }
            return try HeadRules.transferCoding(values(storage, .transferEncoding))
        }
        guard storage.has(.contentLength) else { return .none }
        let lengths = values(storage, .contentLength)
        guard lengths.count == 1, !lengths[0].isEmpty, lengths[0].utf8.allSatisfy(Octet.isDigit) else {
            throw Refusal(.badRequest, "RFC 9110 §8.6", "invalid or repeated Content-Length")
        }
        guard lengths[0].utf8.count <= 18, let count = Int64(lengths[0]) else {
            throw Refusal(.contentTooLarge, "RFC 9110 §15.5.14", "Content-Length beyond any limit")
        }
        return count == 0 ? .none : .length(count)
    }

    private static func transferCoding(_ values: [String]) throws(Refusal) -> BodyFraming {
        // Letters are compared as bytes: Unicode's lower case makes a "k" of the Kelvin sign.
        let names = values.flatMap { value in
            value.utf8.split(separator: Octet.comma, omittingEmptySubsequences: false).map { element in
                let name = Array(element.map(Octet.lower))
                return name.withUnsafeBytes { $0.trimmed.text }
            }
        }
        if names == ["chunked"] { return .chunked }
        let wellFormed = names.allSatisfy { !$0.isEmpty }
        guard wellFormed, names.filter({ $0 == "chunked" }).count <= 1 else {
            throw Refusal(.badRequest, "RFC 9112 §6.1", "malformed Transfer-Encoding")
        }
        // Nobody knows where such a message ends, whatever the other codings are.
        guard names.last == "chunked" else {
            throw Refusal(.badRequest, "RFC 9112 §6.3", "chunked is not the final transfer coding")
        }
        throw Refusal(.notImplemented, "RFC 9112 §6.1", "transfer coding other than chunked")
    }

    private static func keepAlive(_ storage: HeadStorage) -> Bool {
        guard storage.has(.connection) else { return storage.version == .http11 }
        // What nearly every client says, if anything.
        if let only = storage.onlyValue(of: .connection) {
            if only.isToken(named: "keep-alive") { return true }
            if only.isToken(named: "close") { return false }
        }
        let options = values(storage, .connection).flatMap(ListField.tokens)
        if options.contains("close") { return false }
        return storage.version == .http11 || options.contains("keep-alive")
    }

    private static func expectsContinue(_ storage: HeadStorage) throws(Refusal) -> Bool {
        guard storage.version == .http11, storage.has(.expect) else { return false }
        // A list: the same expectation twice is no other one.
        let expectations = values(storage, .expect).flatMap(ListField.tokens)
        guard !expectations.isEmpty, expectations.allSatisfy({ $0 == "100-continue" }) else {
            throw Refusal(.expectationFailed, "RFC 9110 §10.1.1", "unknown expectation")
        }
        return true
    }
}

/// `uri-host [ ":" port ]` (RFC 9110 §7.2, RFC 3986 §3.2.2).
enum HostRules {
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard !bytes.isEmpty, bytes.count <= 255 + 6 else { return false }
        var end = bytes.count
        if bytes[0] == UInt8(ascii: "[") {
            guard let close = bytes.firstOffset(of: UInt8(ascii: "]"), from: 1), close > 1 else { return false }
            guard TextualAddress.isSix(UnsafeRawBufferPointer(rebasing: bytes[1..<close]).text) else { return false }
            end = close + 1
        } else {
            end = 0
            while end < bytes.count, isRegisteredNameByte(bytes[end]) { end += 1 }
            guard end > 0 else { return false }
        }
        guard end < bytes.count else { return true }
        guard bytes[end] == Octet.colon, bytes.count - end <= 6 else { return false }
        for index in (end + 1)..<bytes.count where !Octet.isDigit(bytes[index]) { return false }
        return true
    }

    /// Letters, digits, ".", "-" and "_", as one bit a byte.
    private static func isRegisteredNameByte(_ byte: UInt8) -> Bool {
        let low: UInt64 = 0x03FF_6000_0000_0000
        let high: UInt64 = 0x07FF_FFFE_87FF_FFFE
        guard byte < 128 else { return false }
        return (byte < 64 ? low >> UInt64(byte) : high >> UInt64(byte & 63)) & 1 == 1
    }
}
