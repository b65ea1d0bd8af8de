import HTTPWire
import Platform
import Synchronization

/// Public pages kept as bytes, with tag and compressed form, and dropped when what they show changes.
public final class PageCache: Sendable {
    /// One kept page in every form it is asked for.
    private final class Entry: Sendable {
        /// Complete answers: what is left at each request is to choose one.
        private struct Forms: Sendable {
            var plain: Response
            var gzip: Response?
            /// With everything but the body, which is made later.
            var brotli: Response
            var notModified: Response
        }

        let tags: Set<String>
        let byteCount: Int
        private let page: [UInt8]
        private let brotli = MadeLater()
        private let etag: ConditionalRequest.Validators
        private let overPlainLines: Forms
        private let overSecureLines: Forms

        init(_ page: [UInt8], type: String, cacheControl: String, tags: Set<String>, _ headers: SecurityHeaders) {
            // One weak tag for both codings: the page is the same, its bytes are not (RFC 9110 §8.8.1).
            let etag = "W/\"" + SHA256.hash(page).prefix(12).base64URL + "\""
            var fields = HeaderFields()
            fields.append(.etag, etag)
            fields.append(.cacheControl, cacheControl)
            fields.append(.vary, "Accept-Encoding")
            let notModified = Response(.notModified, fields: fields)
            fields.append(.contentType, type)
            let plain = Response(.ok, fields: fields, body: .bytes(page))
            let compressed = page.count >= 512 ? Gzip.compress(page, level: 6) : nil
            fields.append(.contentEncoding, ContentCoding.gzip.rawValue)
            let gzip = compressed.flatMap { bytes in
                bytes.count < page.count ? Response(.ok, fields: fields, body: .bytes(bytes)) : nil
            }
            fields.set(.contentEncoding, ContentCoding.brotli.rawValue)
            let brotli = Response(.ok, fields: fields)
            let forms = Forms(plain: plain, gzip: gzip, brotli: brotli, notModified: notModified)
            self.page = page
            self.overPlainLines = Entry.complete(forms, headers, isSecure: false)
            self.overSecureLines = Entry.complete(forms, headers, isSecure: true)
            self.etag = ConditionalRequest.Validators(etag: etag)
            self.tags = tags
            // Brotli will be about as large as gzip.
            self.byteCount = page.count + (compressed?.count ?? 0) * 2
        }

        private static func complete(_ forms: Forms, _ headers: SecurityHeaders, isSecure: Bool) -> Forms {
            var forms = forms
            headers.complete(&forms.plain, isSecure: isSecure)
            headers.complete(&forms.brotli, isSecure: isSecure)
            headers.complete(&forms.notModified, isSecure: isSecure)
            if var gzip = forms.gzip {
                headers.complete(&gzip, isSecure: isSecure)
                forms.gzip = gzip
            }
            return forms
        }

        func response(to exchange: Exchange) -> Response {
            let forms = exchange.peer.isSecure ? overSecureLines : overPlainLines
            switch ConditionalRequest.evaluate(exchange.head, etag) {
            case .notModified: return forms.notModified
            case .failed: return Response(.preconditionFailed)
            case .proceed: break
            }
            switch Compression.choose(from: forms.gzip == nil ? [] : [.brotli, .gzip], for: exchange.head) {
            case .nothing: return .notAcceptable()
            case .identity: return forms.plain
            case .coding(.gzip): return forms.gzip ?? forms.plain
            case .coding(.brotli): return packed(forms, exchange)
            }
        }

        /// Until brotli is there: gzip, if the client takes it.
        private func packed(_ forms: Forms, _ exchange: Exchange) -> Response {
            // Two percent larger than the smallest, in a thirtieth of the time: some pages change with each dossier.
            if let bytes = brotli.bytes(orMake: { [page] in Brotli.compress(page, quality: 5) }) {
                var response = forms.brotli
                response.body = .bytes(bytes)
                return response
            }
            guard Compression.choose(from: [.gzip], for: exchange.head) == .coding(.gzip) else { return forms.plain }
            return forms.gzip ?? forms.plain
        }
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var byteCount = 0
        /// Grows at each drop: a page that was being made while something changed must not be kept.
        var generation: UInt64 = 0
    }

    private let byteLimit: Int
    private let cacheControl: String
    private let headers: SecurityHeaders
    private let state = Mutex(State())

    /// Keeps at most `byteLimit` bytes. Browsers keep a page too but ask each time whether it is still true.
    /// `headers` must be the router's own: kept answers are completed with them once.
    public init(headers: SecurityHeaders, byteLimit: Int = 32 << 20, cacheControl: String = "public, no-cache") {
        self.headers = headers
        self.byteLimit = byteLimit
        self.cacheControl = cacheControl
    }

    /// The answer from memory, 304 included; nil when the page must be made.
    public func response(for key: String, to exchange: Exchange) -> Response? {
        state.withLock { $0.entries[key] }?.response(to: exchange)
    }

    /// The answer from memory, or from `make`, whose page is then kept under `tags` unless something was dropped
    /// meanwhile.
    public func response(
        for key: String, tags: Set<String>, to exchange: Exchange, type: String = "text/html; charset=utf-8",
        make: () async throws -> [UInt8]
    ) async throws -> Response {
        if let response = response(for: key, to: exchange) { return response }
        let generation = state.withLock { $0.generation }
        let page = try await make()
        let entry = Entry(page, type: type, cacheControl: cacheControl, tags: tags, headers)
        state.withLock { state in
            if state.generation == generation { keep(entry, key, &state) }
        }
        return entry.response(to: exchange)
    }

    /// Drops every page that shows what `tag` names.
    public func drop(tag: String) {
        drop { $0.tags.contains(tag) }
    }

    /// Drops everything.
    public func dropAll() {
        drop { _ in true }
    }

    /// Pages kept now.
    public var count: Int { state.withLock { $0.entries.count } }

    private func drop(_ isStale: (Entry) -> Bool) {
        state.withLock { state in
            state.generation += 1
            for (key, entry) in state.entries where isStale(entry) { remove(key, &state) }
        }
    }

    private func keep(_ entry: Entry, _ key: String, _ state: inout State) {
        guard entry.byteCount <= byteLimit else { return }
        remove(key, &state)
        while state.byteCount + entry.byteCount > byteLimit, let other = state.entries.keys.first {
            remove(other, &state)
        }
        state.entries[key] = entry
        state.byteCount += entry.byteCount
    }

    private func remove(_ key: String, _ state: inout State) {
        guard let entry = state.entries.removeValue(forKey: key) else { return }
        state.byteCount -= entry.byteCount
    }
}
