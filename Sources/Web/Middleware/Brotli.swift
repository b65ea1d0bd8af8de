import CCompression

/// Brotli (RFC 7932) by libbrotlienc.
public enum Brotli {
    /// `bytes` compressed; nil when the library has no memory. `quality` is 0 (fast) to 11 (small, a hundred times
    /// slower).
    public static func compress(_ bytes: [UInt8], quality: Int32) -> [UInt8]? {
        let bound = BrotliEncoderMaxCompressedSize(bytes.count)
        guard bound > 0 else { return nil }
        var count = bound
        var isDone = false
        let compressed = [UInt8](unsafeUninitializedCapacity: bound) { target, filled in
            isDone =
                BrotliEncoderCompress(
                    quality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC, bytes.count, bytes, &count,
                    target.baseAddress) == BROTLI_TRUE
            filled = isDone ? count : 0
        }
        return isDone ? compressed : nil
    }
}
