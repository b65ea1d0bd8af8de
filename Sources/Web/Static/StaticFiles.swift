import Glibc
import HTTPWire
import Platform

/// The files of the public folder, in memory from the start, under names that change with their content:
/// "site.css" is served as "/static/site.1a2b3c4d5e6f.css", and browsers may keep it for ever.
public struct StaticFiles: Sendable {
    private final class File: Sendable {
        let plain: [UInt8]
        let gzip: [UInt8]?
        /// The slowest and smallest form, made when a client first asks for it, so that starting is quick.
        let brotli = MadeLater<[UInt8]>()
        let fields: HeaderFields
        /// Of the plain bytes, without its closing quote.
        let etag: String

        init(plain: [UInt8], gzip: [UInt8]?, fields: HeaderFields, etag: String) {
            self.plain = plain
            self.gzip = gzip
            self.fields = fields
            self.etag = etag
        }

        /// Other bytes have another strong tag.
        func response(_ bytes: [UInt8], _ coding: ContentCoding?, isQuick: Bool = false) -> Response {
            var fields = fields
            let suffix =
                switch coding {
                case .brotli: isQuick ? "-b1\"" : "-br\""
                case .gzip: "-gz\""
                case nil: "\""
                }
            fields.append(.etag, etag + suffix)
            if let coding { fields.append(.contentEncoding, coding.rawValue) }
            return Response(.ok, fields: fields, body: .bytes(bytes))
        }
    }

    /// What a client gets: the bytes and their coding, or nothing that it takes.
    private enum Form {
        case plain
        case packed([UInt8], ContentCoding)
        /// Brotli made quickly, until the better one is there.
        case quick([UInt8])
        case none
    }

    /// All files together; the folder holds one style sheet, one script, fonts and pictures.
    private static let byteLimit = 64 << 20
    private static let prefix = "/static/"
    private let files: [String: File]
    private let addresses: [String: String]

    /// Reads every file below `directory`. Throws `FolderError`. Blocks.
    public static func load(_ directory: String) throws -> StaticFiles {
        var contents: [String: [UInt8]] = [:]
        var total = 0
        var newest: Int64 = 0
        for path in try Folder.files(below: directory) {
            let file = try Folder.file(directory + "/" + path, upTo: byteLimit)
            total += file.bytes.count
            guard total <= byteLimit else { throw FolderError(path: directory, reason: "larger than 64 MB") }
            contents[path] = file.bytes
            newest = max(newest, file.modifiedAt)
        }
        // Never later than now (RFC 9110 §8.8.2.1).
        return StaticFiles(contents, modifiedAt: min(newest, Int64(time(nil))))
    }

    /// Files given by path and content, last changed at `modifiedAt` in seconds since 1970, if known. One moment serves
    /// them all: their addresses change with their content.
    public init(_ contents: [String: [UInt8]], modifiedAt: Int64? = nil) {
        var files: [String: File] = [:]
        var addresses: [String: String] = [:]
        for (path, bytes) in contents {
            let hash = SHA256.hash(bytes).prefix(6).hex
            let served = StaticFiles.servedPath(path, hash)
            files[served] = StaticFiles.file(path, bytes, hash, modifiedAt)
            addresses[path] = StaticFiles.prefix + served
        }
        self.files = files
        self.addresses = addresses
    }

    /// The address of a file of the public folder. Traps when there is none: pages name only files that are shipped.
    public func asset(_ path: String) -> String {
        guard let address = addresses[path] else { preconditionFailure("no public file \(path)") }
        return address
    }

    /// Every file's path and address.
    public var all: [String: String] { addresses }

    /// The answer to a request for `file`, with its tag. Conditions and ranges are judged by the router.
    private static func response(_ file: File, to head: RequestHead) -> Response {
        // Ranges are of the plain bytes, and of GET alone (RFC 9110 §14.2).
        let isForRange = head.method == .get && head.fields[.range] != nil
        return switch form(file, wantsPlain: isForRange, head) {
        case .none: .notAcceptable()
        case .quick(let bytes): file.response(bytes, .brotli, isQuick: true)
        case .packed(let bytes, let coding): file.response(bytes, coding)
        case .plain: file.response(file.plain, nil)
        }
    }

    /// A file with its answers in bytes, in each form and for each line that was asked for so far.
    private final class Kept: KeptAnswers {
        private let file: File
        private let prepared: PreparedForms

        init(_ file: File, _ headers: SecurityHeaders, _ directory: String?) {
            self.file = file
            prepared = PreparedForms(headers, copiesOn: directory)
        }

        func answer(to head: RequestHead, isSecure: Bool) -> PreparedResponse? {
            // Until the smallest form is there the handler chooses, and has it made.
            guard !ConditionalRequest.mayMatter(to: head), file.gzip == nil || file.brotli.value != nil else {
                return nil
            }
            return switch StaticFiles.form(file, wantsPlain: false, head) {
            case .none, .quick: nil
            case .packed(let bytes, let coding):
                prepared.answer(coding, isSecure: isSecure) { file.response(bytes, coding) }
            case .plain: prepared.answer(nil, isSecure: isSecure) { file.response(file.plain, nil) }
            }
        }
    }

    private static func form(_ file: File, wantsPlain: Bool, _ head: RequestHead) -> Form {
        if wantsPlain, Compression.choose(from: [], for: head) == .identity { return .plain }
        guard let gzip = file.gzip else {
            return Compression.choose(from: [], for: head) == .nothing ? .none : .plain
        }
        switch Compression.choose(from: [.brotli, .gzip], for: head) {
        case .nothing: return .none
        case .identity: return .plain
        case .coding(.gzip): return .packed(gzip, .gzip)
        case .coding(.brotli):
            let plain = file.plain
            if let bytes = file.brotli.value(orMake: { Brotli.compress(plain, quality: 11) }) {
                return .packed(bytes, .brotli)
            }
            switch Compression.choose(from: [.gzip], for: head) {
            case .coding: return .packed(gzip, .gzip)
            case .identity: return .plain
            // It takes nothing else: quickly, then.
            case .nothing: return Brotli.compress(plain, quality: 1).map { .quick($0) } ?? .none
            }
        }
    }

    /// Makes the smallest forms, one after the other beside the loops, before anybody asks.
    public func pack() {
        for file in files.values where file.gzip != nil {
            let plain = file.plain
            _ = file.brotli.value(orMake: { Brotli.compress(plain, quality: 11) })
        }
    }

    /// Declares the route. `headers` must be the router's own: answers are completed with them once. What is long is kept in
    /// files without a name on `directory`'s disk too, from which it is sent without copying; nil keeps it in memory alone.
    public func mount(on routes: inout Routes, headers: SecurityHeaders, copiesOn directory: String? = nil) {
        let kept = files.map { (StaticFiles.prefix + $0.key, Kept($0.value, headers, directory)) }
        routes.getReady(
            StaticFiles.prefix + "{path...}", kept: Dictionary(uniqueKeysWithValues: kept)
        ) { [files] exchange in
            guard let file = files[exchange.parameter("path")] else { throw Refused(.notFound) }
            return StaticFiles.response(file, to: exchange.head)
        }
    }

    private static func file(_ path: String, _ bytes: [UInt8], _ hash: String, _ modifiedAt: Int64?) -> File {
        let type = contentType(path)
        let compressed = Compression.pays(for: type) ? Gzip.compress(bytes, level: 9) : nil
        let gzip = compressed.flatMap { $0.count < bytes.count ? $0 : nil }
        var fields = HeaderFields()
        fields.append(.contentType, type)
        fields.append(.cacheControl, "public, max-age=31536000, immutable")
        fields.append(.acceptRanges, "bytes")
        // On every file: it also says that compressing was thought about.
        fields.append(.vary, "Accept-Encoding")
        if let modifiedAt { fields.append(.lastModified, HTTPDate.format(seconds: modifiedAt)) }
        return File(plain: bytes, gzip: gzip, fields: fields, etag: "\"" + hash)
    }

    private static func servedPath(_ path: String, _ hash: String) -> String {
        guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else { return path + "." + hash }
        return path[..<dot] + "." + hash + path[dot...]
    }

    private static func contentType(_ path: String) -> String {
        let ending = path.lastIndex(of: ".").map { path[path.index(after: $0)...].lowercased() } ?? ""
        return contentTypes[ending] ?? "application/octet-stream"
    }

    private static let contentTypes = [
        "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml",
        "html": "text/html; charset=utf-8", "txt": "text/plain; charset=utf-8", "json": "application/json",
        "webmanifest": "application/manifest+json", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg",
        "webp": "image/webp", "ico": "image/x-icon", "woff2": "font/woff2", "pdf": "application/pdf",
    ]
}
