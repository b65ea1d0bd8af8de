import HTTPWire
import Platform
import Synchronization

/// One file's answers in bytes, in each form and for each line that was asked for so far.
final class PreparedForms: Sendable {
    /// The content of an answer, once more.
    private final class Copy: FileRegion {
        private static let open = Atomic(0)
        private let file: UnnamedFile
        let offset: Int64 = 0
        var descriptor: Int32 { file.descriptor }
        var byteCount: Int64 { Int64(file.byteCount) }

        /// Nil when there are enough, or the disk takes none.
        init?(_ bytes: [UInt8], on directory: String) {
            let count = Copy.open.add(1, ordering: .relaxed).newValue
            guard count <= PreparedForms.copyLimit, let file = UnnamedFile(bytes, on: directory) else {
                Copy.open.subtract(1, ordering: .relaxed)
                return nil
            }
            self.file = file
        }

        deinit { Copy.open.subtract(1, ordering: .relaxed) }
    }

    /// From so many bytes on, sendfile(2) costs less than copying them (Docs/benchmarks.md).
    static let worthSending = 65_536
    /// So many of the program's descriptors at most; longer contents than these are few in a public folder.
    static let copyLimit = 64

    private let headers: SecurityHeaders
    private let directory: String?
    /// Three forms, each for plain and for secure lines.
    private let made = Mutex([PreparedResponse?](repeating: nil, count: 6))

    /// `headers` complete every answer; long contents are kept on `directory`'s disk too, if there is one.
    init(_ headers: SecurityHeaders, copiesOn directory: String? = nil) {
        self.headers = headers
        self.directory = directory
    }

    /// The answer; `make` makes it, without its security fields, the first time. It must be the same each time.
    func answer(_ coding: ContentCoding?, isSecure: Bool, make: () -> Response) -> PreparedResponse {
        let form =
            switch coding {
            case nil: 0
            case .gzip: 2
            case .brotli: 4
            }
        let place = isSecure ? form + 1 : form
        return made.withLock { made in
            if let prepared = made[place] { return prepared }
            var response = make()
            headers.complete(&response, isSecure: isSecure)
            // Of one form the content is the same for both lines. A client behind a proxy is secure on a plain line.
            let file = made[place ^ 1].map(\.file) ?? copy(response.body)
            let prepared = PreparedResponse(response, file: file)
            made[place] = prepared
            return prepared
        }
    }

    /// In a file of its own, if it is long.
    private func copy(_ body: ResponseBody) -> (any FileRegion)? {
        guard let directory, case .bytes(let bytes) = body, bytes.count >= PreparedForms.worthSending else {
            return nil
        }
        return Copy(bytes, on: directory)
    }
}
