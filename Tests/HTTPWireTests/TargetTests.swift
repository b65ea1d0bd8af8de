import Testing

@testable import HTTPWire

/// Paths that cannot leave their root, and urlencoded pairs, by table.
@Suite struct TargetTests {
    struct PathRow: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let path: String
        let segments: [String]?
        let defect: String?
        var testDescription: String { name }
    }

    static let defects: [String: RequestPath.Defect] = [
        "dot segment": .dotSegment, "empty segment": .emptySegment, "bad encoding": .badEncoding, "not UTF-8": .notUTF8,
        "forbidden character": .forbiddenCharacter, "too deep": .tooDeep,
    ]

    @Test(arguments: Table.rows("paths", as: PathRow.self)) func splitsPaths(_ row: PathRow) throws {
        if let segments = row.segments {
            #expect(try RequestPath.segments(of: row.path) == segments)
        } else {
            let defect = try #require(TargetTests.defects[row.defect ?? ""])
            #expect(throws: defect) { try RequestPath.segments(of: row.path) }
        }
    }

    struct PairsRow: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let pairs: [[String]]?
        let defect: String?
        let limit: Int?
        var testDescription: String { name }
    }

    @Test(arguments: Table.rows("urlencoded", as: PairsRow.self)) func readsPairsInOrder(_ row: PairsRow) throws {
        let bytes = Array(row.text.utf8)
        let limit = row.limit ?? 200
        if let pairs = row.pairs {
            let values = try NamedValues(decoding: bytes, limit: limit)
            #expect(values.pairs.map { [$0.name, $0.value] } == pairs)
            for name in Set(pairs.map { $0[0] }) {
                #expect(values.all(name) == pairs.filter { $0[0] == name }.map { $0[1] })
                #expect(values[name] == pairs.first { $0[0] == name }?[1])
            }
        } else {
            let defect: NamedValues.Defect =
                switch row.defect {
                case "bad encoding": .badEncoding
                case "not UTF-8": .notUTF8
                default: .tooMany(limit: limit)
                }
            #expect(throws: defect) { try NamedValues(decoding: bytes, limit: limit) }
        }
    }

    @Test func encodingIsUndoneByDecoding() throws {
        for scalar in (0..<0x300).compactMap(UnicodeScalar.init) {
            let text = String(Character(scalar))
            let encoded = PercentEncoding.encode(text)
            #expect(PercentEncoding.decode(encoded.utf8) == Array(text.utf8))
            #expect(PercentEncoding.decode(encoded.utf8, plusIsSpace: true) == Array(text.utf8))
        }
    }
}
