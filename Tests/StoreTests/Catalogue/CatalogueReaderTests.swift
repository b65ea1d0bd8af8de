import Foundation
import PublicService
import Testing

@testable import Store

@Suite struct CatalogueReaderTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Catalogue").path

    @Test func readsTheWholeCatalogue() throws {
        let catalogue = try CatalogueReader.read(CatalogueReaderTests.folder)
        let today = try #require(LocalDate("2026-11-24"))
        #expect(catalogue.inForce(on: today).count == 48)
        #expect(catalogue.agencies.first?.former.contains("xã Hoằng Lưu") == true)
        let code = try #require(ProcedureCode(rawValue: "1.001193"))
        #expect(catalogue.procedure(code, on: try #require(LocalDate("2026-11-22"))) == nil)
        #expect(catalogue.procedure(code, revision: "2026-11-23")?.form != nil)
    }

    @Test func neverChangesAPublishedRevision() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "catalogue-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let catalogue = try CatalogueReader.read(CatalogueReaderTests.folder)
        var procedure = try #require(catalogue.procedures.first)
        #expect(try CatalogueWriter.write(procedure, into: folder))
        #expect(try !CatalogueWriter.write(procedure, into: folder))
        procedure.name += "x"
        #expect(throws: CatalogueError.self) { try CatalogueWriter.write(procedure, into: folder) }
    }

    @Test func namesTheFileThatIsWrong() {
        let error = #expect(throws: CatalogueError.self) { try CatalogueReader.read("/nowhere") }
        #expect(error?.file == "calendar.json5")
    }
}
