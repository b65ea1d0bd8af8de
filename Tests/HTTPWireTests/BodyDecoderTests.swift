import Testing

@testable import HTTPWire

/// Contents that are taken, and contents that are refused (Tables/accepted-bodies, refused-bodies).
@Suite struct BodyDecoderTests {
    struct Decoded {
        var content: [UInt8] = []
        var consumed = 0
        var isComplete = false
        var trailers = HeaderFields()
    }

    /// Decodes `bytes` cut at `cuts`, as they come from a connection.
    static func decode(
        _ bytes: [UInt8], framing: BodyFraming = .chunked, cuts: [Int] = []
    ) -> Result<Decoded, Refusal> {
        var decoder = BodyDecoder(framing: framing)
        var decoded = Decoded()
        var start = 0
        for end in cuts + [bytes.count] {
            let outcome: Result<Int, Refusal> = bytes[start..<end].withUnsafeBytes { part in
                do throws(Refusal) {
                    return .success(try decoder.decode(part) { decoded.content.append(contentsOf: $0) })
                } catch {
                    return .failure(error)
                }
            }
            switch outcome {
            case .failure(let refusal): return .failure(refusal)
            case .success(let count): decoded.consumed += count
            }
            if decoder.isComplete { break }
            start = end
        }
        decoded.isComplete = decoder.isComplete
        decoded.trailers = decoder.trailerFields
        return .success(decoded)
    }

    static func splits(of count: Int) -> [[Int]] {
        var numbers = RepeatableNumbers(state: 7)
        let random = (0..<20).map { _ in (0..<9).map { _ in Int.random(in: 0...count, using: &numbers) }.sorted() }
        return [[], cuts(of: count)] + cuts(of: count).map { [$0] } + random
    }

    struct Accepted: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: TableBytes
        let content: TableBytes
        let framing: Int64?
        let trailers: [String: String]?
        var testDescription: String { name }
    }

    @Test(arguments: Table.rows("accepted-bodies", as: Accepted.self)) func accepts(_ row: Accepted) throws {
        let next = Array("GET /next HTTP/1.1\r\n\r\n".utf8)
        let framing = row.framing.map { BodyFraming.length($0) } ?? .chunked
        for split in BodyDecoderTests.splits(of: row.bytes.bytes.count) {
            let decoded = try BodyDecoderTests.decode(row.bytes.bytes + next, framing: framing, cuts: split).get()
            #expect(decoded.content == row.content.bytes, "cut at \(split)")
            #expect(decoded.isComplete, "cut at \(split)")
            // The next message is left alone.
            #expect(decoded.consumed == row.bytes.bytes.count, "cut at \(split)")
            for (name, value) in row.trailers ?? [:] {
                #expect(FieldName(name).flatMap { decoded.trailers[$0] } == value, "cut at \(split)")
            }
        }
    }

    @Test(arguments: Table.rows("accepted-bodies", as: Accepted.self))
    func everyPrefixIsIncomplete(_ row: Accepted) throws {
        let framing = row.framing.map { BodyFraming.length($0) } ?? .chunked
        for count in cuts(of: row.bytes.bytes.count) {
            let decoded = try BodyDecoderTests.decode(Array(row.bytes.bytes[..<count]), framing: framing).get()
            #expect(!decoded.isComplete, "complete after \(count) bytes")
            #expect(decoded.consumed == count)
        }
    }

    struct Refused: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: TableBytes
        let status: Int
        let section: String
        var testDescription: String { name }
    }

    @Test(arguments: Table.rows("refused-bodies", as: Refused.self)) func refuses(_ row: Refused) {
        for split in BodyDecoderTests.splits(of: row.bytes.bytes.count) {
            guard case .failure(let refusal) = BodyDecoderTests.decode(row.bytes.bytes, cuts: split) else {
                Issue.record("accepted when cut at \(split)")
                return
            }
            #expect(refusal.status.code == row.status, "cut at \(split)")
            if split.isEmpty { #expect(refusal.section == row.section) }
        }
    }

    @Test func contentHasNoTrailersByLength() throws {
        let decoded = try BodyDecoderTests.decode(Array("abc".utf8), framing: .length(3)).get()
        #expect(decoded.trailers.fields.isEmpty)
        #expect(try BodyDecoderTests.decode(Array("GET".utf8), framing: .none).get().consumed == 0)
    }
}
