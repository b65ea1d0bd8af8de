import ArgumentParser
import FoundationEssentials
import PublicService
import Store

/// `motcua import-procedures`: published list to immutable revisions.
struct ImportProcedures: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-procedures",
        abstract: "Convert a published list of procedures into revisions of the catalogue.")

    @Argument(help: "The list (JSON, schema dvc-procedure-catalogue/1).")
    var list: String

    @Option(help: "The revision's name and first day in force, yyyy-MM-dd.")
    var revision: String

    @Option(help: "The catalogue folder; forms and everyday words come from its forms/.")
    var catalogue = "Catalogue"

    func run() async throws {
        guard LocalDate(revision) != nil else { throw ValidationError("--revision must be a day, yyyy-MM-dd") }
        try await plainly { try convert() }
    }

    private func convert() throws {
        guard let data = FileManager.default.contents(atPath: list) else {
            throw CommandError(description: "cannot read \(list)")
        }
        var additions: [String: ProcedureImport.Addition] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: catalogue + "/forms")
        where name.hasSuffix(".json5") {
            additions[String(name.dropLast(6))] = try CatalogueReader.decode(
                ProcedureImport.Addition.self, catalogue, "forms/" + name)
        }
        let procedures = try ProcedureImport.convert(list: data, revision: revision, additions: additions)
        var written = 0
        for procedure in procedures where try CatalogueWriter.write(procedure, into: catalogue + "/procedures") {
            written += 1
        }
        print("\(procedures.count) procedures, \(written) new revisions in \(catalogue)/procedures")
    }
}

/// `motcua check-catalogue`: whether the catalogue can be published.
struct CheckCatalogue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-catalogue", abstract: "Read the whole catalogue and say what is wrong with it.")

    @Option(help: "The catalogue folder.")
    var catalogue = "Catalogue"

    func run() async throws {
        let read = try await plainly { try CatalogueReader.read(catalogue) }
        print("\(read.procedures.count) revisions, \(read.agencies.count) agencies: nothing wrong")
    }
}
