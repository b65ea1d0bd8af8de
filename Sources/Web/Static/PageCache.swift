import Glibc
import HTTPWire
import Platform
import Synchronization

/// Public pages kept as bytes, with tag and compressed form, and dropped when what they show changes.
public final class PageCache: Sendable {
    /// One kept page in every form it is asked for.
    private final class Entry: Sendable {
        /// Complete answers: what is left at each request is to choose one.
        private final class Forms: Sendable {
            let plain: PreparedResponse
            let gzip: PreparedResponse?
            /// With everything but the body, which is made later.
            let brotli: Response
            let notModified: PreparedResponse
            let failed: PreparedResponse
            let notAcceptable: PreparedResponse

            init(
                plain: Response, gzip: Response?, brotli: Response, notModified: Response,
                complete: (Response) -> Response
            ) {
                self.plain = PreparedResponse(complete(plain))
                self.gzip = gzip.map { PreparedResponse(complete($0)) }
                self.brotli = complete(brotli)
                self.notModified = PreparedResponse(complete(notModified))
                failed = PreparedResponse(complete(Response(.preconditionFailed)))
                notAcceptable = PreparedResponse(complete(.notAcceptable()))
            }
        }

        let key: [UInt8]
        /// Of the route that made it.
        let route: Int
        let tags: Set<String>
        let byteCount: Int
        private let page: [UInt8]
        private let brotli = MadeLater<[PreparedResponse]>()
        private let etag: ConditionalRequest.Validators
        private let overPlainLines: Forms
        private let overSecureLines: Forms

        init(
            _ key: String, _ route: Int, _ page: [UInt8], type: String, cacheControl: String, tags: Set<String>,
            _ headers: SecurityHeaders
        ) {
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
            let forms = [false, true].map { isSecure in
                Forms(plain: plain, gzip: gzip, brotli: brotli, notModified: notModified) { response in
                    var response = response
                    headers.complete(&response, isSecure: isSecure)
                    return response
                }
            }
            self.page = page
            self.overPlainLines = forms[0]
            self.overSecureLines = forms[1]
            self.etag = ConditionalRequest.Validators(etag: etag)
            self.key = Array(key.utf8)
            self.route = route
            self.tags = tags
            // Brotli will be about as large as gzip. Each form is held as content, and as an answer for either line.
            self.byteCount = 3 * (page.count + (compressed?.count ?? 0) * 2)
        }

        func isFor(_ path: UnsafeRawBufferPointer) -> Bool {
            key.withUnsafeBytes { key in
                guard key.count == path.count, let own = key.baseAddress, let other = path.baseAddress else {
                    return false
                }
                return memcmp(own, other, key.count) == 0
            }
        }

        func response(to head: RequestHead, isSecure: Bool) -> PreparedResponse {
            // Programs usually leave no choice.
            if !head.mayHaveChoices { return isSecure ? overSecureLines.plain : overPlainLines.plain }
            let forms = isSecure ? overSecureLines : overPlainLines
            switch ConditionalRequest.evaluate(head, etag) {
            case .notModified: return forms.notModified
            case .failed: return forms.failed
            case .proceed: break
            }
            switch Compression.choose(from: forms.gzip == nil ? [] : [.brotli, .gzip], for: head) {
            case .nothing: return forms.notAcceptable
            case .identity: return forms.plain
            case .coding(.gzip): return forms.gzip ?? forms.plain
            case .coding(.brotli): return packed(forms, head, isSecure: isSecure)
            }
        }

        /// Until brotli is there: gzip, if the client takes it.
        private func packed(_ forms: Forms, _ head: RequestHead, isSecure: Bool) -> PreparedResponse {
            if let made = brotli.value { return made[isSecure ? 1 : 0] }
            // Two percent larger than the smallest, in a thirtieth of the time: some pages change with each dossier.
            let made = brotli.value { [page, overPlainLines, overSecureLines] in
                Brotli.compress(page, quality: 5).map { bytes in
                    [overPlainLines, overSecureLines].map { forms in
                        var response = forms.brotli
                        response.body = .bytes(bytes)
                        return PreparedResponse(response)
                    }
                }
            }
            if let made { return made[isSecure ? 1 : 0] }
            switch Compression.choose(from: [.gzip], for: head) {
            case .coding: return forms.gzip ?? forms.plain
            case .identity: return forms.plain
            case .nothing:
                // It takes nothing else: quickly, then.
                guard let bytes = Brotli.compress(page, quality: 1) else { return forms.notAcceptable }
                var response = forms.brotli
                response.body = .bytes(bytes)
                return PreparedResponse(response)
            }
        }
    }

    private struct State {
        /// By the hash of the key; of two keys with one hash the later is kept.
        var entries: [UInt64: Entry] = [:]
        /// The last found, by the last bits of their hashes: what is asked for again and again costs no table.
        var recent = [Entry?](repeating: nil, count: 256)
        var byteCount = 0
        /// What the pages were true for.
        var period = 0
        /// Grows at each drop: a page that was being made while something changed must not be kept.
        var generation: UInt64 = 0
    }

    private let byteLimit: Int
    private let cacheControl: String
    private let headers: SecurityHeaders
    private let period: @Sendable () -> Int
    private let state = Mutex(State())

    /// Keeps at most `byteLimit` bytes. Browsers keep a page too but ask each time whether it is still true.
    /// `headers` must be the router's own: kept answers are completed with them once. When `period` gives another number
    /// than before, such as the next day's, everything is dropped.
    public init(
        headers: SecurityHeaders, byteLimit: Int = 32 << 20, cacheControl: String = "public, no-cache",
        period: @escaping @Sendable () -> Int = { 0 }
    ) {
        self.headers = headers
        self.byteLimit = byteLimit
        self.cacheControl = cacheControl
        self.period = period
    }

    /// The answer to a GET or HEAD of a page that is kept under its path; 304 included; nil when it must be made. Costs no
    /// text and no routing.
    public func answer(to head: RequestHead, isSecure: Bool) -> PreparedResponse? {
        guard !head.hasQuery, head.isRead else { return nil }
        guard let entry = head.withPathBytes({ path in find(path) }) else { return nil }
        head.route = entry.route
        return entry.response(to: head, isSecure: isSecure)
    }

    /// The answer from memory, or from `make`, whose page is then kept under `tags` unless something was dropped
    /// meanwhile. `key` is the path for pages that `answer` shall find.
    public func response(
        for key: String, tags: Set<String>, to exchange: Exchange, type: String = "text/html; charset=utf-8",
        make: () async throws -> [UInt8]
    ) async throws -> Response {
        var key = key
        let isSecure = exchange.peer.isSecure
        if let entry = key.withUTF8({ find(UnsafeRawBufferPointer($0)) }) {
            return entry.response(to: exchange.head, isSecure: isSecure).response
        }
        let generation = state.withLock { $0.generation }
        let page = try await make()
        let entry = Entry(
            key, exchange.route?.number ?? -1, page, type: type, cacheControl: cacheControl, tags: tags, headers)
        state.withLock { state in
            if state.generation == generation { keep(entry, &state) }
        }
        return entry.response(to: exchange.head, isSecure: isSecure).response
    }

    private func find(_ key: UnsafeRawBufferPointer) -> Entry? {
        let period = period()
        let hash = PageCache.hash(key)
        return state.withLock { state in
            if state.period != period {
                drop(&state) { _ in true }
                state.period = period
            }
            let place = Int(hash & 255)
            if let entry = state.recent[place], entry.isFor(key) { return entry }
            guard let entry = state.entries[hash], entry.isFor(key) else { return nil }
            state.recent[place] = entry
            return entry
        }
    }

    /// Eight bytes at a time, each mixed by a multiplication. Only finds pages that this program made: who finds two paths
    /// of one hash gains nothing.
    private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash = UInt64(bytes.count)
        var position = 0
        func mix(_ word: UInt64) {
            hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash >> 29
        }
        while position &+ 8 <= bytes.count {
            mix(bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            position &+= 8
        }
        // The last bytes from both ends: read twice when they are few.
        let rest = bytes.count &- position
        if rest >= 4 {
            let first = bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)
            let last = bytes.loadUnaligned(fromByteOffset: bytes.count &- 4, as: UInt32.self)
            mix(UInt64(first) | UInt64(last) &<< 32)
        } else if rest > 0 {
            let middle = UInt64(bytes[position &+ rest / 2]) &<< 8
            mix(UInt64(bytes[position]) | middle | UInt64(bytes[bytes.count &- 1]) &<< 16)
        }
        return hash
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
        state.withLock { drop(&$0, isStale) }
    }

    private func drop(_ state: inout State, _ isStale: (Entry) -> Bool) {
        state.generation += 1
        for (hash, entry) in state.entries where isStale(entry) { remove(hash, &state) }
    }

    private func keep(_ entry: Entry, _ state: inout State) {
        guard entry.byteCount <= byteLimit else { return }
        let hash = entry.key.withUnsafeBytes(PageCache.hash)
        remove(hash, &state)
        while state.byteCount + entry.byteCount > byteLimit, let other = state.entries.keys.first {
            remove(other, &state)
        }
        state.entries[hash] = entry
        state.byteCount += entry.byteCount
    }

    private func remove(_ hash: UInt64, _ state: inout State) {
        guard let entry = state.entries.removeValue(forKey: hash) else { return }
        state.recent[Int(hash & 255)] = nil
        state.byteCount -= entry.byteCount
    }
}
