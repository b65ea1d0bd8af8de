import Foundation
import PublicService
import Store
import Testing

@testable import Portal

@Suite struct CatalogueTests {
    /// Every sentence that the sources name stands in the messages.
    @Test func noMessageIsMissing() throws {
        let texts = try CatalogueReader.decode([String: String].self, Stage.root + "/Catalogue", "messages.json5")
        let pattern = #/say\(\s*"([^"\\]+)"/#
        for file in try FileManager.default.subpathsOfDirectory(atPath: Stage.root + "/Sources/Portal")
        where file.hasSuffix(".swift") {
            let source = try String(contentsOfFile: Stage.root + "/Sources/Portal/" + file, encoding: .utf8)
            for match in source.matches(of: pattern) {
                #expect(texts[String(match.1)] != nil, "\(file) says \(match.1)")
            }
        }
        for status in Portal.saidStatuses {
            #expect(texts["error.\(status)"] != nil && texts["error.\(status).heading"] != nil)
        }
        #expect(Messages(texts).missing.isEmpty)
    }

    /// The packs' own test cases, through the programs' interface.
    @Test func packsKeepTheirCases() async throws {
        try await Stage.with { stage in
            var count = 0
            for code in Set(stage.portal.catalogue.procedures.map(\.code)) {
                for (index, item) in (try ProcedureCases.read(Stage.root + "/Catalogue", code)?.cases ?? [])
                    .enumerated()
                {
                    count += 1
                    let reply = await stage.submit(Array(try JSONEncoder().encode(item.body)), key: "\(code)-\(index)")
                    let expected = Set(item.defects ?? [])
                    guard expected.isEmpty else {
                        #expect(reply.status == 422, "\(item.name)")
                        struct Refusal: Decodable { let error: APIError }
                        let error = try JSONDecoder().decode(Refusal.self, from: Data(reply.body)).error
                        #expect(Set(error.fields.map(\.field)) == expected, "\(item.name): \(error.fields)")
                        continue
                    }
                    #expect(reply.status == 201, "\(item.name): \(reply.text)")
                    let receipt = try JSONDecoder().decode(Stage.Receipt.self, from: Data(reply.body))
                    #expect(receipt.payment?.amount ?? 0 == item.fee ?? 0, "\(item.name)")
                }
            }
            #expect(count >= 6)
        }
    }
}
