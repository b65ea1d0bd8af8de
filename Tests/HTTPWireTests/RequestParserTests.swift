import Testing

@testable import HTTPWire

/// Heads that are served, and heads that are refused: bytes, status, rule (Tables/accepted-heads, refused-heads).
@Suite struct RequestParserTests {
    /// Feeds what had come at each of `counts`, then everything, as a connection does.
    static func parse(_ bytes: [UInt8], after counts: [Int] = []) -> Result<ParsedHead?, Refusal> {
        var parser = RequestParser()
        do throws(Refusal) {
            for count in counts + [bytes.count] {
                let outcome: Result<ParsedHead?, Refusal> = bytes[..<count].withUnsafeBytes { part in
                    do throws(Refusal) { return .success(try parser.parse(part)) } catch { return .failure(error) }
                }
                if let parsed = try outcome.get() { return .success(parsed) }
            }
            return .success(nil)
        } catch {
            return .failure(error)
        }
    }

    struct Refused: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: TableBytes
        let status: Int
        let section: String
        var testDescription: String { name }
    }

    @Test(arguments: Table.rows("refused-heads", as: Refused.self)) func refuses(_ row: Refused) throws {
        guard case .failure(let refusal) = RequestParserTests.parse(row.bytes.bytes) else {
            Issue.record("accepted")
            return
        }
        #expect(refusal.status.code == row.status)
        #expect(refusal.section == row.section)
    }

    /// Which rule is named may depend on how much has come; that it is refused, and with which status, may not.
    @Test(arguments: Table.rows("refused-heads", as: Refused.self)) func refusesAtEverySplit(_ row: Refused) {
        for cut in cuts(of: row.bytes.bytes.count) {
            guard case .failure(let refusal) = RequestParserTests.parse(row.bytes.bytes, after: [cut]) else {
                Issue.record("accepted when cut at \(cut)")
                return
            }
            #expect(refusal.status.code == row.status, "cut at \(cut)")
        }
    }

    struct Accepted: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: TableBytes
        let method: String?
        let path: TableBytes?
        let query: TableBytes?
        let framing: Framing?
        let keepAlive: Bool?
        let expectsContinue: Bool?
        /// An absent key means "a", null means none.
        let host: String?
        let fields: [String: String]?
        var testDescription: String { name }

        private enum Key: CodingKey {
            case name, bytes, method, path, query, framing, keepAlive, expectsContinue, host, fields
        }

        init(from decoder: any Decoder) throws {
            let row = try decoder.container(keyedBy: Key.self)
            name = try row.decode(String.self, forKey: .name)
            bytes = try row.decode(TableBytes.self, forKey: .bytes)
            method = try row.decodeIfPresent(String.self, forKey: .method)
            path = try row.decodeIfPresent(TableBytes.self, forKey: .path)
            query = try row.decodeIfPresent(TableBytes.self, forKey: .query)
            framing = try row.decodeIfPresent(Framing.self, forKey: .framing)
            keepAlive = try row.decodeIfPresent(Bool.self, forKey: .keepAlive)
            expectsContinue = try row.decodeIfPresent(Bool.self, forKey: .expectsContinue)
            host = row.contains(.host) ? try row.decodeIfPresent(String.self, forKey: .host) : "a"
            fields = try row.decodeIfPresent([String: String].self, forKey: .fields)
        }
    }

    /// "chunked" or a number of bytes.
    struct Framing: Decodable, Sendable {
        let value: BodyFraming

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            value =
                try (try? container.decode(Int64.self)).map { .length($0) }
                ?? (container.decode(String.self) == "chunked" ? .chunked : .none)
        }
    }

    static func check(_ parsed: ParsedHead?, _ row: Accepted, _ note: String) {
        guard let parsed else {
            Issue.record("incomplete, \(note)")
            return
        }
        #expect(parsed.head.method.name == row.method ?? "GET", "\(note)")
        #expect(parsed.head.path == row.path?.text ?? "/", "\(note)")
        #expect(parsed.head.query == row.query?.text, "\(note)")
        #expect(parsed.framing == row.framing?.value ?? .none, "\(note)")
        #expect(parsed.keepAlive == row.keepAlive ?? true, "\(note)")
        #expect(parsed.expectsContinue == row.expectsContinue ?? false, "\(note)")
        #expect(parsed.head.fields[.host] == row.host, "\(note)")
        #expect(parsed.byteCount == row.bytes.bytes.count, "\(note)")
        for (name, value) in row.fields ?? [:] {
            #expect(FieldName(name).flatMap { parsed.head.fields[$0] } == value, "\(note)")
        }
    }

    static let accepted = Table.rows("accepted-heads", as: Accepted.self)

    @Test(arguments: accepted) func accepts(_ row: Accepted) throws {
        let next = Array("GET /next HTTP/1.1\r\n".utf8)
        RequestParserTests.check(try RequestParserTests.parse(row.bytes.bytes + next).get(), row, "whole")
    }

    @Test(arguments: accepted) func everyPrefixIsIncomplete(_ row: Accepted) throws {
        let bytes = row.bytes.bytes
        for count in [0] + cuts(of: bytes.count) {
            let alone = try RequestParserTests.parse(Array(bytes[..<count])).get()
            #expect(alone == nil, "complete after \(count) bytes")
        }
        let dripping = try RequestParserTests.parse(bytes, after: cuts(of: bytes.count)).get()
        RequestParserTests.check(dripping, row, "dripping")
    }

    @Test(arguments: accepted) func everySplitGivesTheSame(_ row: Accepted) throws {
        let bytes = row.bytes.bytes
        for cut in cuts(of: bytes.count) {
            RequestParserTests.check(try RequestParserTests.parse(bytes, after: [cut]).get(), row, "cut at \(cut)")
        }
        var numbers = RepeatableNumbers(state: 9112)
        for _ in 0..<20 {
            let places = (0..<8).map { _ in Int.random(in: 0..<bytes.count, using: &numbers) }.sorted()
            RequestParserTests.check(try RequestParserTests.parse(bytes, after: places).get(), row, "cut at \(places)")
        }
    }
}
