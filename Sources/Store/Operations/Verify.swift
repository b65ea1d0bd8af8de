import FoundationEssentials
import Glibc
import Platform
import PublicService

/// What `verify` found.
public struct VerificationReport: Sendable, Hashable {
    /// Dossiers folded again.
    public var dossiers = 0
    /// Events read.
    public var events = 0
    /// Papers hashed.
    public var attachments = 0
    /// Everything that is wrong, in words for the operator.
    public var findings: [String] = []
}

/// Commands on a folder that no server has open.
public enum StoreOperations {
    /// Folds every dossier again, compares with what is shown, hashes every paper, looks for gaps in the codes. Blocks.
    public static func verify(_ folder: DataFolder, progress: @escaping ProgressReport) throws -> VerificationReport {
        let connection = try SQLConnection(path: folder.database, isReader: false)
        try Migrations.run(connection)
        var report = VerificationReport()
        let integrity = try connection.query("PRAGMA integrity_check") { $0.text(0) }
        if integrity != ["ok"] { report.findings += integrity.map { "database: \($0)" } }
        let chainKey = try folder.lastingSecret("chain.key")
        report.findings += try EventChain(key: chainKey).findings(connection, progress)
        report.findings += try AuditTrail(key: chainKey).findings(connection)
        let projection = Projection(connection: connection)
        let ids = try connection.query("SELECT DISTINCT dossier FROM dossier_event ORDER BY dossier") { $0.text(0) }
        let shown = try connection.query("SELECT COUNT(*) FROM dossier") { Int($0.integer(0)) }.first ?? 0
        if shown != ids.count { report.findings.append("\(ids.count) dossiers have events, \(shown) are shown") }
        var digests: Set<ContentDigest> = []
        var numbers: [String: [Int]] = [:]
        let dossiers = ProgressMeter("dossiers", total: ids.count, progress)
        for (index, id) in ids.enumerated() {
            verify(id, projection, &report, &digests, &numbers)
            dossiers(index + 1)
        }
        for (series, found) in numbers.sorted(by: { $0.key < $1.key }) where found.sorted() != Array(1...found.count) {
            report.findings.append("codes \(series): not 1 to \(found.count) without gap")
        }
        report.findings += try counters(connection, numbers)
        report.findings += try payments(connection, projection)
        report.findings += try keys(connection)
        digests.formUnion(try waiting(connection))
        let papers = ProgressMeter("attachments", total: digests.count, progress)
        for (index, digest) in digests.sorted(by: { $0.rawValue < $1.rawValue }).enumerated() {
            verify(digest, folder, &report)
            papers(index + 1)
        }
        return report
    }

    private static func verify(
        _ id: String, _ projection: Projection, _ report: inout VerificationReport, _ digests: inout Set<ContentDigest>,
        _ numbers: inout [String: [Int]]
    ) {
        do {
            let events = try projection.events(of: id)
            report.events += events.count
            report.dossiers += 1
            guard let folded = try Dossier.folding(events) else {
                report.findings.append("dossier \(id): no events")
                return
            }
            if try projection.row(of: id) != Projection.values(of: folded) {
                report.findings.append("dossier \(folded.code): what is shown differs from its events")
            }
            for event in events { digests.formUnion(attachments(of: event.event).map(\.digest)) }
            let parts = folded.code.rawValue.split(separator: "-")
            numbers[parts.dropLast().joined(separator: "-"), default: []].append(parts.last.flatMap { Int($0) } ?? 0)
        } catch {
            report.findings.append("dossier \(id): \(error)")
        }
    }

    private static func verify(_ digest: ContentDigest, _ folder: DataFolder, _ report: inout VerificationReport) {
        report.attachments += 1
        let path = "\(folder.attachments)/\(digest.rawValue.prefix(2))/\(digest)"
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            report.findings.append("attachment \(digest): missing")
            return
        }
        defer { close(file) }
        var hash = SHA256()
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while case let count = read(file, &piece, piece.count), count > 0 { hash.update(piece[..<count]) }
        if hash.finish().hex != digest.rawValue { report.findings.append("attachment \(digest): content changed") }
    }

    /// The counter of a day knows how many codes were given: the last dossiers cannot be taken away unseen.
    private static func counters(_ connection: SQLConnection, _ numbers: [String: [Int]]) throws(SQLError) -> [String] {
        let given = try connection.query("SELECT name, value FROM counter WHERE name LIKE 'code:%'") {
            ($0.text(0), Int($0.integer(1)))
        }
        return given.compactMap { name, value in
            let series = name.dropFirst(5).split(separator: ":").joined(separator: "-")
            let found = numbers[series]?.count ?? 0
            return found == value ? nil : "codes \(series): \(value) were given, \(found) are there"
        }
    }

    /// Without its key a dossier would be made again by the next replay.
    private static func keys(_ connection: SQLConnection) throws(SQLError) -> [String] {
        try connection.query(
            """
            SELECT d.code FROM dossier d JOIN dossier_event e ON e.dossier = d.id AND e.number = 1
            WHERE e.key IS NULL ORDER BY d.code
            """
        ) { "dossier \($0.text(0)): the key it was submitted under is gone" }
    }

    /// Papers of drafts, and those that partners uploaded ahead: promised as well.
    private static func waiting(_ connection: SQLConnection) throws -> Set<ContentDigest> {
        let uploads = try connection.query("SELECT digest FROM upload") { ContentDigest(rawValue: $0.text(0)) }
        let drafts = try connection.query("SELECT draft FROM draft") { $0.text(0) }
        let papers = try drafts.flatMap { try StoredJSON.decode(Draft.self, $0).files.map(\.digest) }
        return Set(uploads.compactMap { $0 }).union(papers)
    }

    /// Orders of payment against the events that made and settled them.
    private static func payments(_ connection: SQLConnection, _ projection: Projection) throws -> [String] {
        let shown = try connection.query(
            """
            SELECT reference, dossier, amount, outcome, payment, created_at, expires_at FROM payment_order
            ORDER BY reference
            """
        ) { row in (0..<7).map { row.text($0) } }
        var told: [String: [String]] = [:]
        let ids = try connection.query(
            "SELECT DISTINCT dossier FROM dossier_event WHERE kind IN ('paymentRequested', 'paymentSettled')"
        ) { $0.text(0) }
        for event in try ids.flatMap({ try projection.events(of: $0) }) {
            switch event.event {
            case .paymentRequested(let order):
                told[order.reference] = [
                    order.reference, event.dossier.rawValue, String(order.amount.dong), "", "",
                    String(order.createdAt.milliseconds), String(order.expiresAt.milliseconds),
                ]
            case .paymentSettled(let settlement):
                told[settlement.reference]?[3] = settlement.outcome.rawValue
                told[settlement.reference]?[4] = settlement.transaction ?? ""
            default: break
            }
        }
        let names = Set(told.keys).union(shown.map { $0[0] }).sorted()
        let found = Dictionary(shown.map { ($0[0], $0) }) { first, _ in first }
        return names.filter { told[$0] != found[$0] }.map {
            "payment order \($0): what is shown differs from its events"
        }
    }

    /// Every paper that an event names.
    static func attachments(of event: DossierEvent) -> [Attachment] {
        switch event {
        case .submitted(let record): record.submission.attachments
        case .supplementSubmitted(let answer): answer.attachments
        case .resultProposed(let draft): [draft.document]
        default: []
        }
    }

    /// Throws away what is shown and folds it again from the events, in one transaction. Blocks.
    public static func rebuildProjections(_ folder: DataFolder, progress: @escaping ProgressReport) throws -> Int {
        let connection = try SQLConnection(path: folder.database, isReader: false)
        try Migrations.run(connection)
        let projection = Projection(connection: connection)
        try connection.execute("BEGIN IMMEDIATE")
        let ids = try connection.query("SELECT DISTINCT dossier FROM dossier_event ORDER BY dossier") { $0.text(0) }
        try connection.execute("DELETE FROM dossier")
        try connection.execute("DELETE FROM payment_order")
        let meter = ProgressMeter("dossiers", total: ids.count, progress)
        for (index, id) in ids.enumerated() {
            let events = try projection.events(of: id)
            guard let dossier = try Dossier.folding(events) else { continue }
            for event in events { try projection.trackPayment(event) }
            try projection.save(dossier)
            meter(index + 1)
        }
        try connection.execute("COMMIT")
        return ids.count
    }
}
