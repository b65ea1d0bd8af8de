import Glibc
import HTTPWire

/// A file that stays open, like those in nginx's open_file_cache.
final class WholeFile: FileRegion {
    let descriptor: Int32
    let offset: Int64 = 0
    let byteCount: Int64

    init(path: String) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else { preconditionFailure("cannot open \(path)") }
        byteCount = Int64(status.st_size)
    }

    deinit { close(descriptor) }
}
