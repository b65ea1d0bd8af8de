import HTTPWire
import Platform

/// The files of the public folder, in memory from the start, under names that change with their content:
/// "site.css" is served as "/static/site.1a2b3c4d5e6f.css", and browsers may keep it for ever.
public struct StaticFiles: Sendable {
    private struct File: Sendable {
        let plain: [UInt8]
        let gzip: [UInt8]?
        let fields: HeaderFields
        /// Of the plain bytes.
        let etag: String
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
        for path in try Folder.files(below: directory) {
            let bytes = try Folder.read(directory + "/" + path, upTo: byteLimit)
            total += bytes.count
            guard total <= byteLimit else { throw FolderError(path: directory, reason: "larger than 64 MB") }
            contents[path] = bytes
        }
        return StaticFiles(contents)
    }

    /// Files given by path and content.
    public init(_ contents: [String: [UInt8]]) {
        var files: [String: File] = [:]
        var addresses: [String: String] = [:]
        for (path, bytes) in contents {
            let hash = SHA256.hash(bytes).prefix(6).hex
            let served = StaticFiles.servedPath(path, hash)
            files[served] = StaticFiles.file(path, bytes, hash)
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

    /// The answer for what follows "/static/"; nil when there is no such file.
    public func response(_ path: String, to head: RequestHead) -> Response? {
        guard let file = files[path] else { return nil }
        // Ranges are of the plain bytes: a client that asks for one gets those.
        let range = head.method == .get ? head.fields[.range] : nil
        let isPacked = range == nil && file.gzip != nil && Compression.accepts(head)
        var fields = file.fields
        // Other bytes, so another strong tag.
        let etag = isPacked ? file.etag.dropLast() + "-gz\"" : file.etag
        fields.append(.etag, etag)
        let validators = ConditionalRequest.Validators(etag: etag)
        switch ConditionalRequest.evaluate(head, validators) {
        case .notModified: return Response(.notModified, fields: fields)
        case .failed: return Response(.preconditionFailed)
        case .proceed: break
        }
        if let gzip = file.gzip, isPacked {
            fields.append(.contentEncoding, "gzip")
            return Response(.ok, fields: fields, body: .bytes(gzip))
        }
        if let range, ConditionalRequest.rangeApplies(head, validators) {
            return StaticFiles.part(file.plain, range, fields)
        }
        return Response(.ok, fields: fields, body: .bytes(file.plain))
    }

    private static func part(_ bytes: [UInt8], _ range: String, _ fields: HeaderFields) -> Response {
        var fields = fields
        switch ByteRange.evaluate(range, size: Int64(bytes.count)) {
        case .whole:
            return Response(.ok, fields: fields, body: .bytes(bytes))
        case .part(let first, let last):
            fields.append(.contentRange, "bytes \(first)-\(last)/\(bytes.count)")
            let part = Array(bytes[Int(first)...Int(last)])
            return Response(.partialContent, fields: fields, body: .bytes(part))
        case .unsatisfiable:
            var fields = HeaderFields()
            fields.append(.contentRange, "bytes */\(bytes.count)")
            return Response(.rangeNotSatisfiable, fields: fields)
        }
    }

    /// Declares the route.
    public func mount(on routes: inout Routes) {
        routes.getReady(StaticFiles.prefix + "{path...}") { [self] exchange in
            guard let response = response(exchange.parameter("path"), to: exchange.head) else {
                throw Refused(.notFound)
            }
            return response
        }
    }

    private static func file(_ path: String, _ bytes: [UInt8], _ hash: String) -> File {
        let type = contentType(path)
        let compressed = Compression.pays(for: type) ? Gzip.compress(bytes, level: 9) : nil
        let gzip = compressed.flatMap { $0.count < bytes.count ? $0 : nil }
        var fields = HeaderFields()
        fields.append(.contentType, type)
        fields.append(.cacheControl, "public, max-age=31536000, immutable")
        fields.append(.acceptRanges, "bytes")
        // On every file: it also says that compressing was thought about.
        fields.append(.vary, "Accept-Encoding")
        return File(plain: bytes, gzip: gzip, fields: fields, etag: "\"" + hash + "\"")
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
