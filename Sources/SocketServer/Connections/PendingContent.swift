import HTTPWire

/// Content of an answer that waits behind the connection's output: a file's part, or bytes too many to be copied.
/// Lives on the loop's thread.
final class PendingContent {
    enum Source {
        case file(any FileRegion)
        case bytes([UInt8])
        case prepared(PreparedResponse)
    }
    /// Fewer bytes are copied behind the head; more leave with it in one call, each from its place.
    static let worthKeeping = 16_384

    let source: Source
    @exclusivity(unchecked) private(set) var offset: Int64
    @exclusivity(unchecked) private(set) var remaining: Int64

    init(_ region: any FileRegion) {
        source = .file(region)
        offset = region.offset
        remaining = region.byteCount
    }

    init(_ bytes: [UInt8]) {
        source = .bytes(bytes)
        offset = 0
        remaining = Int64(bytes.count)
    }

    /// The content of a prepared answer, from its file if it has one and the line can send that.
    convenience init(_ prepared: PreparedResponse, sendsFiles: Bool) {
        if sendsFiles, let region = prepared.file {
            self.init(region)
        } else {
            self.init(inMemory: prepared)
        }
    }

    private init(inMemory prepared: PreparedResponse) {
        source = .prepared(prepared)
        offset = 0
        remaining = Int64(prepared.contentByteCount)
    }

    /// What is in memory and not sent yet; nil of a file.
    func withRest<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
        switch source {
        case .file: nil
        case .bytes(let bytes):
            bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[Int(offset)...])) }
        case .prepared(let prepared):
            body(UnsafeRawBufferPointer(rebasing: prepared.content[Int(offset)...]))
        }
    }

    func advance(by count: Int64) {
        offset += count
        remaining -= count
    }
}
