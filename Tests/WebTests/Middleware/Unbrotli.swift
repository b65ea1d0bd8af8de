import Glibc
import Testing

@testable import Web

/// The way back from `Brotli.compress`. Only tests decompress, so the decoder is looked up when they run.
func unbrotli(_ compressed: [UInt8], upTo limit: Int = 1 << 20) throws -> [UInt8] {
    typealias Decompress =
        @convention(c) (
            Int, UnsafePointer<UInt8>?, UnsafeMutablePointer<Int>, UnsafeMutablePointer<UInt8>?
        ) -> Int32
    let library = try #require(dlopen("libbrotlidec.so.1", RTLD_NOW))
    let function = unsafeBitCast(try #require(dlsym(library, "BrotliDecoderDecompress")), to: Decompress.self)
    var output = [UInt8](repeating: 0, count: limit)
    var count = limit
    try #require(function(compressed.count, compressed, &count, &output) == 1)
    return Array(output[..<count])
}

/// Waits until everything that was to be compressed beside the loops is there.
func packingIsDone() async {
    await withCheckedContinuation { continuation in
        packingLane.async { continuation.resume() }
    }
}
