import CLinux
import Glibc

/// Bytes as a file that is in memory only and that nobody can change: sendfile(2) sends it without copying.
public final class SealedMemory: Sendable {
    /// The open descriptor, valid while this object lives.
    public let descriptor: Int32
    /// Bytes in it.
    public let byteCount: Int

    /// Copies `bytes`; nil when the system gives no descriptor or no memory. Takes about as long as the copy.
    public init?(_ bytes: [UInt8]) {
        let descriptor = bytes.withUnsafeBytes { clinux_sealed_memory($0.baseAddress, $0.count) }
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
        byteCount = bytes.count
    }

    deinit {
        close(descriptor)
    }
}
