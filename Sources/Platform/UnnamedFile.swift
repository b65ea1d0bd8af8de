import CLinux
import Glibc

/// Bytes in a file without a name, which nobody else can open or find afterwards: sendfile(2) sends it without copying.
public final class UnnamedFile: Sendable {
    /// The open descriptor, valid while this object lives.
    public let descriptor: Int32
    /// Bytes in it.
    public let byteCount: Int

    /// Writes `bytes` on `directory`'s disk; nil when the system gives no descriptor or no room, or the disk knows no such
    /// files. Takes about as long as the copy.
    public init?(_ bytes: [UInt8], on directory: String) {
        let descriptor = bytes.withUnsafeBytes { clinux_unnamed_file(directory, $0.baseAddress, $0.count) }
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
        byteCount = bytes.count
    }

    deinit {
        close(descriptor)
    }
}
