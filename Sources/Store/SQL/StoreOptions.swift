/// How a store is run; the defaults serve a commune, and a province on a larger machine.
public struct StoreOptions: Sendable {
    /// Reading connections, each with its thread.
    public var readerCount = 4
    /// Reads waiting or running per reader before `Overloaded`.
    public var readBacklog = 1_024
    /// Writes waiting before `Overloaded`.
    public var writeBacklog = 4_096
    /// Pages of 4 KiB in the log after which they are copied into the database beside the writer.
    public var logPages = 4_000
    /// Name of the SQLite VFS; nil is the system's. Tests put a failing one here.
    public var diskLayer: String?
    /// Makes operations on other files fail, for tests.
    public var faults: (any DiskFaults)?

    /// The defaults.
    public init() {}
}
