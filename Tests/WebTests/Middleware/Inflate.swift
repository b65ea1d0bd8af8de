import CCompression
import Testing

/// The way back from `Gzip.compress`.
func inflate(_ compressed: [UInt8]) throws -> [UInt8] {
    var stream = z_stream()
    try #require(inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK)
    defer { inflateEnd(&stream) }
    var input = compressed
    var output: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65536)
    var result = Z_OK
    input.withUnsafeMutableBufferPointer { source in
        stream.next_in = source.baseAddress
        stream.avail_in = UInt32(source.count)
        while result == Z_OK {
            let made = piece.withUnsafeMutableBufferPointer { target in
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                result = inflate(&stream, Z_NO_FLUSH)
                return target.count - Int(stream.avail_out)
            }
            output += piece[..<made]
        }
    }
    try #require(result == Z_STREAM_END)
    return output
}
