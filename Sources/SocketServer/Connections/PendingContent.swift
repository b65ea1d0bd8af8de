import HTTPWire

/// Content of an answer that waits behind the connection's output: a file's part, or bytes too many to be copied.
/// Lives on the loop's thread.
final class PendingContent {
    /// Whatever owns it, so that it lives until it is sent.
    private enum Source {
        case region(any FileRegion)
        case bytes([UInt8])
        case prepared(PreparedResponse)
    }
    /// Fewer bytes are copied behind the head; more leave with it in one call, each from its place.
    static let worthKeeping = 16_384

    private let source: Source
    /// The open file that it is sent from; nil when it is sent from memory.
    let file: Int32?
    @exclusivity(unchecked) private(set) var offset: Int64
    @exclusivity(unchecked) private(set) var remaining: Int64

    init(_ region: any FileRegion) {
        source = .region(region)
        file = region.descriptor
        offset = region.offset
        remaining = region.byteCount
    }

    init(_ bytes: [UInt8]) {
        source = .bytes(bytes)
        file = nil
        offset = 0
        remaining = Int64(bytes.count)
    }

    /// The content of a prepared answer, from its file if it has one and the line can send that.
    init(_ prepared: PreparedResponse, sendsFiles: Bool) {
        source = .prepared(prepared)
        if sendsFiles, let region = prepared.file {
            file = region.descriptor
            offset = region.offset
        } else {
            file = nil
            offset = 0
        }
        remaining = Int64(prepared.contentByteCount)
    }

    /// What is in memory and not sent yet; nil of a file.
    func withRest<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
        guard file == nil else { return nil }
        return switch source {
        case .region: nil
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
