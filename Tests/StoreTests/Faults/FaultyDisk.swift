import CSQLite
import Glibc
import Store
import Synchronization

/// A disk that can be told to fail: under SQLite as a VFS over the system's, beside it as `DiskFaults`.
final class FaultyDisk: DiskFaults, Sendable {
    /// What fails from now on.
    enum Mode: Sendable, Hashable {
        case healthy
        /// Every write says ENOSPC.
        case full
        /// Every flush says EIO.
        case failingFlush
        /// The n-th operation from now (1 is the next) says EIO, and only that one.
        case failing(nth: Int)
    }

    private struct State {
        var mode = Mode.healthy
        var failed = 0
    }

    private let state = Mutex(State())

    /// How many operations were made to fail.
    var failureCount: Int { state.withLock { $0.failed } }

    func set(_ mode: Mode) {
        state.withLock { $0 = State(mode: mode, failed: 0) }
    }

    func fault(before operation: DiskOperation) -> Int32? {
        let isFlush = operation == .flush || operation == .flushFolder
        return state.withLock { state in
            var code: Int32?
            switch state.mode {
            case .healthy: break
            case .full: if operation == .write { code = ENOSPC }
            case .failingFlush: if isFlush { code = EIO }
            case .failing(1):
                code = EIO
                state.mode = .healthy
            case .failing(let nth): state.mode = .failing(nth: nth - 1)
            }
            if code != nil { state.failed += 1 }
            return code
        }
    }

    /// Registers a VFS that asks this disk before each write and flush; returns its name. Lives as long as the process.
    func register() -> String { FaultyLayer.add(self) }
}

/// The VFS: the system's own, except that each opened file gets a copy of its methods with `xWrite` and `xSync` replaced.
private enum FaultyLayer {
    private struct State {
        var disks: [FaultyDisk] = []
        /// Address of a file's original methods, by address of the replaced copy.
        var originals: [UInt: UInt] = [:]
        /// Address of the copy, by layer and original.
        var copies: [String: UInt] = [:]
    }

    private static let state = Mutex(State())

    static func add(_ disk: FaultyDisk) -> String {
        guard let system = sqlite3_vfs_find(nil) else { return "" }
        let number = state.withLock { state in
            state.disks.append(disk)
            return state.disks.count
        }
        let name = "faulty-\(number)"
        let layer = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        layer.initialize(to: system.pointee)
        layer.pointee.zName = UnsafePointer(strdup(name))
        layer.pointee.pNext = nil
        layer.pointee.xOpen = { layer, path, file, flags, outFlags in
            guard let layer, let file, let name = layer.pointee.zName, let system = sqlite3_vfs_find(nil),
                let number = Int(String(cString: name).dropFirst(7))
            else { return SQLITE_CANTOPEN }
            let code = system.pointee.xOpen(system, path, file, flags, outFlags)
            if code == SQLITE_OK { FaultyLayer.wrap(file, number) }
            return code
        }
        sqlite3_vfs_register(layer, 0)
        return name
    }

    static func wrap(_ file: UnsafeMutablePointer<sqlite3_file>, _ number: Int) {
        guard let methods = file.pointee.pMethods else { return }
        let original = UInt(bitPattern: methods)
        let copy = state.withLock { state in
            if let known = state.copies["\(number):\(original)"] { return known }
            let made = UnsafeMutablePointer<FaultyMethods>.allocate(capacity: 1)
            made.initialize(to: FaultyMethods(methods: methods.pointee, number: number))
            made.pointee.methods.xWrite = { file, bytes, count, offset in
                if let code = FaultyLayer.fault(file, .write) { return code }
                guard let original = FaultyLayer.original(file) else { return SQLITE_IOERR }
                return original.pointee.xWrite(file, bytes, count, offset)
            }
            made.pointee.methods.xSync = { file, flags in
                if let code = FaultyLayer.fault(file, .flush) { return code }
                guard let original = FaultyLayer.original(file) else { return SQLITE_IOERR }
                return original.pointee.xSync(file, flags)
            }
            let address = UInt(bitPattern: made)
            state.copies["\(number):\(original)"] = address
            state.originals[address] = original
            return address
        }
        file.pointee.pMethods = UnsafePointer(bitPattern: copy)
    }

    static func original(_ file: UnsafeMutablePointer<sqlite3_file>?) -> UnsafePointer<sqlite3_io_methods>? {
        let address = UInt(bitPattern: file?.pointee.pMethods)
        return state.withLock { $0.originals[address] }.flatMap { UnsafePointer(bitPattern: $0) }
    }

    static func fault(_ file: UnsafeMutablePointer<sqlite3_file>?, _ operation: DiskOperation) -> Int32? {
        let methods = UnsafePointer<FaultyMethods>(bitPattern: UInt(bitPattern: file?.pointee.pMethods))
        guard let number = methods?.pointee.number else { return SQLITE_IOERR }
        let disk = state.withLock { $0.disks[number - 1] }
        guard let code = disk.fault(before: operation) else { return nil }
        if code == ENOSPC { return SQLITE_FULL }
        return SQLITE_IOERR | (operation == .flush ? 4 : 3) << 8
    }
}

/// The methods first, so that the pointer to both is a pointer to them.
private struct FaultyMethods {
    var methods: sqlite3_io_methods
    let number: Int
}
