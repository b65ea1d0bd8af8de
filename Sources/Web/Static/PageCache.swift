import HTTPWire
import Platform
import Synchronization

/// Public pages kept as bytes, with tag and compressed form, and dropped when what they show changes.
public final class PageCache: Sendable {
    /// One kept page: both forms of the answer, and the answer for clients that have it.
    private final class Entry: Sendable {
        let plain: Response
        let gzip: Response?
        let notModified: Response
        let etag: ConditionalRequest.Validators
        let tags: Set<String>
        let byteCount: Int

        init(_ page: [UInt8], type: String, cacheControl: String, tags: Set<String>) {
            // One weak tag for both codings: the page is the same, its bytes are not (RFC 9110 §8.8.1).
            let etag = "W/\"" + SHA256.hash(page).prefix(12).base64URL + "\""
            var fields = HeaderFields()
            fields.append(.etag, etag)
            fields.append(.cacheControl, cacheControl)
            fields.append(.vary, "Accept-Encoding")
            self.notModified = Response(.notModified, fields: fields)
            fields.append(.contentType, type)
            // Kept answers are marked as final: compressing them at each request is what the cache is to spare.
            self.plain = Response(.ok, fields: fields, body: .bytes(page)).keptUncompressed()
            let compressed = page.count >= 512 ? Gzip.compress(page, level: 9) : nil
            self.gzip = compressed.flatMap { bytes in
                guard bytes.count < page.count else { return nil }
                var coded = fields
                coded.append(.contentEncoding, "gzip")
                return Response(.ok, fields: coded, body: .bytes(bytes))
            }
            self.etag = ConditionalRequest.Validators(etag: etag)
            self.tags = tags
            self.byteCount = page.count + (compressed?.count ?? 0)
        }

        func response(to head: RequestHead) -> Response {
            switch ConditionalRequest.evaluate(head, etag) {
            case .notModified: return notModified
            case .failed: return Response(.preconditionFailed)
            case .proceed: break
            }
            guard let gzip, AcceptEncoding.choose(from: ["gzip"], for: head.fields) == "gzip" else { return plain }
            return gzip
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
    private let state = Mutex(State())

    /// Keeps at most `byteLimit` bytes. Browsers keep a page too but ask each time whether it is still true.
    public init(byteLimit: Int = 32 << 20, cacheControl: String = "public, no-cache") {
        self.byteLimit = byteLimit
        self.cacheControl = cacheControl
    }

    /// The answer from memory, 304 included; nil when the page must be made.
    public func response(for key: String, to head: RequestHead) -> Response? {
        state.withLock { $0.entries[key] }?.response(to: head)
    }

    /// The answer from memory, or from `make`, whose page is then kept under `tags` unless something was dropped
    /// meanwhile.
    public func response(
        for key: String, tags: Set<String>, to head: RequestHead, type: String = "text/html; charset=utf-8",
        make: () async throws -> [UInt8]
    ) async throws -> Response {
        if let response = response(for: key, to: head) { return response }
        let generation = state.withLock { $0.generation }
        let page = try await make()
        let entry = Entry(page, type: type, cacheControl: cacheControl, tags: tags)
        state.withLock { state in
            if state.generation == generation { keep(entry, key, &state) }
        }
        return entry.response(to: head)
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
