import FoundationEssentials
import Platform
import PublicService
import Synchronization

/// Everything that is remembered. Truth is the events; the `dossier` table is what they fold to, written in the same
/// transaction.
public final class Store: Sendable {
    /// The folder.
    public let folder: DataFolder
    /// Papers.
    public let attachments: AttachmentStore
    /// Files that come in over several requests.
    let partials: PartialFiles
    let database: Database
    let chain: EventChain
    private let lookupSecret: [UInt8]
    /// Names of partners by their keys' digests, as far as they were used.
    let partners = Mutex<[String: String]>([:])
    let recentUploads = Mutex(RecentUploads())

    /// Opens the folder's database. Blocks; throws what the operator must mend.
    public init(_ folder: DataFolder, options: StoreOptions = StoreOptions()) throws {
        self.folder = folder
        try folder.requireDatabaseOfPapers()
        lookupSecret = try folder.lastingSecret("lookup.key")
        chain = EventChain(key: try folder.lastingSecret("chain.key"))
        // One opening for both: the last connection that closes copies the log and removes it, with a flush for each step.
        database = try Database(path: folder.database, options: options, prepare: chain.extendToAll)
        // The names of the database and its log must outlive a power cut as well.
        guard FileSystem.flush(directory: folder.path) else { throw StoreError.unavailable }
        let files = WorkQueue(name: "files", width: 4, backlogLimit: 512)
        attachments = AttachmentStore(folder, queue: files, faults: options.faults)
        partials = PartialFiles(folder, queue: files, faults: options.faults)
        attachments.sweep()
    }

    /// The second factor of a dossier's public page: made from the dossier's identity and a secret of the folder, so that
    /// it can be told again and is stored nowhere.
    public func lookupKey(of id: DossierID) -> LookupKey {
        var round: UInt8 = 0
        while true {
            let bytes = MessageAuthentication.sha256(key: lookupSecret, Array(id.rawValue.utf8) + [round])
            // 32 bytes nearly always hold 12 usable ones; the round makes it certain.
            if let key = LookupKey(randomBytes: bytes) { return key }
            round &+= 1
        }
    }

    /// What events keep of a key.
    public static func digest(of key: LookupKey) -> String { SHA256.hash(key.rawValue.utf8).hex }

    /// A new inner identity: UUIDv7 (RFC 9562 §5.7), so that rows lie in the order of time.
    public static func newID(at: Instant) -> DossierID {
        let time = UInt64(max(0, at.milliseconds))
        var bytes = (0..<6).map { UInt8(truncatingIfNeeded: time >> UInt64(40 - 8 * $0)) } + SecureRandom.bytes(10)
        bytes[6] = bytes[6] & 0x0F | 0x70
        bytes[8] = bytes[8] & 0x3F | 0x80
        let parts = [bytes[..<4], bytes[4..<6], bytes[6..<8], bytes[8..<10], bytes[10...]]
        guard let id = DossierID(rawValue: parts.map { $0.hex }.joined(separator: "-")) else {
            preconditionFailure("hexadecimal digits make an identity")
        }
        return id
    }

    /// Why the last transaction failed, for the log and `/readyz`; nil once one has held again.
    public var lastFault: String? { database.lastFault }

    /// Work that waits now, by queue; for metrics.
    public var queueDepths: [(name: String, depth: Int)] {
        database.queueDepths + [("files", attachments.waitingCount)]
    }

    /// Transactions committed since the start.
    public var commitCount: Int { database.commitCount }

    /// Waits for queued writes; called when stopping. Blocks.
    public func close() { database.drain() }
}

/// JSON as it is stored: keys sorted, so that the same value has the same bytes.
enum StoredJSON {
    static func encode(_ value: some Encodable, ready: (any ReadyJSON)? = nil) throws -> String {
        String(decoding: try SortedJSON.encode(value, ready: ready), as: UTF8.self)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try SortedJSON.decode(type, text)
    }
}
