import FoundationEssentials
import PublicService
import Store

/// The test cases of a procedure's pack (`Catalogue/procedures/<code>/cases.json5`): bodies with what must come of them.
/// The first good one is the example that programs are given.
struct ProcedureCases: Codable, Sendable {
    struct Case: Codable, Sendable {
        /// What it shows.
        var name: String
        /// As a partner sends it.
        var body: APISubmission
        /// Dong to pay; nil when the body is refused.
        var fee: Int64?
        /// Fields that are refused, in any order.
        var defects: [String]?
    }

    var cases: [Case]

    /// The cases of `code`; nil when its pack has none.
    static func read(_ folder: String, _ code: ProcedureCode) throws -> ProcedureCases? {
        let file = "procedures/\(code)/cases.json5"
        guard FileManager.default.fileExists(atPath: folder + "/" + file) else { return nil }
        return try CatalogueReader.decode(ProcedureCases.self, folder, file)
    }

    static func examples(_ folder: String, _ catalogue: Catalogue) throws -> [ProcedureCode: APISubmission] {
        var examples: [ProcedureCode: APISubmission] = [:]
        for code in Set(catalogue.procedures.map(\.code)) {
            let good = try read(folder, code)?.cases.first { ($0.defects ?? []).isEmpty }
            if let good { examples[code] = good.body }
        }
        return examples
    }

    static func bytes(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CatalogueError(file: path, reason: "cannot be read")
        }
        return Array(data)
    }
}
