import FoundationEssentials
import PublicService

/// A catalogue file that cannot be used: which one, and why.
public struct CatalogueError: Error, Sendable, CustomStringConvertible {
    /// The file, relative to the catalogue.
    public let file: String
    /// What is wrong.
    public let reason: String

    /// Names the file and what is wrong.
    public init(file: String, reason: String) {
        self.file = file
        self.reason = reason
    }

    /// For the operator.
    public var description: String { "\(file): \(reason)" }
}

/// Reads `Catalogue/` (JSON5). Blocks; called at start and by commands.
public enum CatalogueReader {
    private struct Agencies: Decodable {
        var agencies: [Agency]
    }

    /// Everything below `folder`; throws the first file that cannot be used, or what is inconsistent.
    public static func read(_ folder: String) throws(CatalogueError) -> Catalogue {
        let calendar = try decode(WorkingCalendar.self, folder, "calendar.json5")
        guard let clock = OfficeClock(calendar) else {
            throw CatalogueError(file: "calendar.json5", reason: "hours out of order, or years with gaps")
        }
        let agencies = try decode(Agencies.self, folder, "agencies.json5").agencies
        guard !agencies.isEmpty else { throw CatalogueError(file: "agencies.json5", reason: "no agency") }
        var procedures: [Procedure] = []
        for file in try revisions(folder) { procedures.append(try decode(Procedure.self, folder, file)) }
        let catalogue = Catalogue(procedures: procedures, agencies: agencies, clock: clock)
        if let defect = catalogue.defects().first { throw CatalogueError(file: "procedures", reason: defect) }
        return catalogue
    }

    /// Any JSON5 file of the catalogue.
    public static func decode<Value: Decodable>(
        _ type: Value.Type, _ folder: String, _ file: String
    ) throws(CatalogueError) -> Value {
        guard let data = FileManager.default.contents(atPath: folder + "/" + file) else {
            throw CatalogueError(file: file, reason: "cannot be read")
        }
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        do {
            return try decoder.decode(type, from: data)
        } catch {
            throw CatalogueError(file: file, reason: String(describing: error))
        }
    }

    /// `procedures/<code>/<revision>.json5`, in order.
    private static func revisions(_ folder: String) throws(CatalogueError) -> [String] {
        let files = FileManager.default
        guard let codes = try? files.contentsOfDirectory(atPath: folder + "/procedures") else {
            throw CatalogueError(file: "procedures", reason: "cannot be read")
        }
        var found: [String] = []
        for code in codes.sorted() {
            guard let names = try? files.contentsOfDirectory(atPath: folder + "/procedures/" + code) else { continue }
            found += names.filter { $0.hasSuffix(".json5") && LocalDate(String($0.dropLast(6))) != nil }.sorted()
                .map { "procedures/\(code)/\($0)" }
        }
        return found
    }
}

/// Writes revisions that were imported. A published revision is never changed.
public enum CatalogueWriter {
    /// Writes `procedure` into `folder`; false when the same bytes stand there already, an error when other ones do.
    public static func write(_ procedure: Procedure, into folder: String) throws -> Bool {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(procedure) + Data("\n".utf8)
        let directory = "\(folder)/\(procedure.code)"
        let path = "\(directory)/\(procedure.revision).json5"
        if let present = FileManager.default.contents(atPath: path) {
            if present == data { return false }
            throw CatalogueError(file: path, reason: "is published already and differs; choose another revision")
        }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try data.write(to: URL(filePath: path), options: .atomic)
        return true
    }
}
