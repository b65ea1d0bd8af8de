import Glibc

/// An open file that closes itself; a response body can send it.
public final class OpenFile: Sendable {
    /// The open descriptor, valid while this object lives.
    public let descriptor: Int32
    /// Size at opening, in bytes.
    public let size: Int64
    /// Last modification, seconds since 1970.
    public let modifiedAt: Int64

    /// Opens a regular file for reading; nil when it cannot be opened or is not a regular file.
    /// Blocks: call it on a work queue.
    public init?(path: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
        self.size = Int64(status.st_size)
        self.modifiedAt = Int64(status.st_mtim.tv_sec)
    }

    deinit {
        close(descriptor)
    }
}
