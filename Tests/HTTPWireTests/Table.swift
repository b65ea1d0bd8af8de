import Foundation
import Testing

@testable import HTTPWire

/// The tables of Tables/: what is taken and what is refused, as data. In JSON a byte is written as the letter of the
/// same number (U+0000 to U+00FF).
enum Table {
    /// The rows of a table; none when it cannot be read, which `TableTests` reports.
    static func rows<Row: Decodable>(_ name: String, as type: Row.Type = Row.self) -> [Row] {
        (try? load(name)) ?? []
    }

    static func load<Row: Decodable>(_ name: String) throws -> [Row] {
        guard let address = Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Tables") else {
            throw Missing(name: name)
        }
        return try JSONDecoder().decode([Row].self, from: Data(contentsOf: address))
    }

    struct Missing: Error { let name: String }
}

/// Bytes of a row: one text, or a list of texts and of `[text, times]`.
struct TableBytes: Decodable, Sendable {
    let bytes: [UInt8]

    private enum Piece: Decodable {
        case text(String)
        case repeated(String, Int)

        init(from decoder: any Decoder) throws {
            if let text = try? decoder.singleValueContainer().decode(String.self) {
                self = .text(text)
                return
            }
            var list = try decoder.unkeyedContainer()
            self = .repeated(try list.decode(String.self), try list.decode(Int.self))
        }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let pieces = try (try? container.decode(String.self)).map { [.text($0)] } ?? container.decode([Piece].self)
        bytes = pieces.flatMap { piece in
            switch piece {
            case .text(let text): TableBytes.octets(text)
            case .repeated(let text, let times): Array(repeatElement(TableBytes.octets(text), count: times).joined())
            }
        }
    }

    private static func octets(_ text: String) -> [UInt8] {
        text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// Where a message is cut: every place of a short one, some two hundred places of a long one.
func cuts(of count: Int) -> [Int] {
    count < 2_000 ? Array(1..<max(count, 1)) : Array(stride(from: 1, to: count, by: count / 200))
}

/// Numbers that are the same at every run.
struct RepeatableNumbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 33)
    }
}

@Suite struct TableTests {
    /// How many rows each table must at least have, so that none is lost unnoticed.
    static let least: [(String, Int)] = [
        ("refused-heads", 270), ("accepted-heads", 90), ("refused-bodies", 90), ("accepted-bodies", 30), ("dates", 50),
        ("ranges", 60), ("preconditions", 50), ("if-range", 15), ("accept-encoding", 60), ("cookies", 20),
        ("proxy-headers", 35), ("forwarded", 14), ("paths", 60), ("urlencoded", 30),
    ]

    private struct Named: Decodable { let name: String }

    @Test(arguments: least) func isThere(_ table: String, _ least: Int) throws {
        let rows: [Named] = try Table.load(table)
        print("table \(table): \(rows.count) rows")
        #expect(rows.count >= least)
        #expect(Set(rows.map(\.name)).count == rows.count, "two rows of one name")
    }
}
