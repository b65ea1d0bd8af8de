import HTTPWire

/// Content of an answer that waits behind the connection's output: a file's part, or bytes too many to be copied.
/// Lives on the loop's thread.
final class PendingContent {
    enum Source {
        case file(any FileRegion)
        case bytes([UInt8])
    }
    /// Fewer bytes are copied behind the head, so that both leave in one call.
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

    func advance(by count: Int64) {
        offset += count
        remaining -= count
    }
}
