import Testing

@testable import HTTPWire

/// Preconditions (RFC 9110 §13) and ranges (§14), by table.
@Suite struct ConditionalTests {
    struct Precondition: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let method: String
        let fields: [[String]]
        let outcome: String
        let validators: ConditionalRequest.Validators
        var testDescription: String { name }

        private enum Key: CodingKey { case name, method, fields, outcome }

        init(from decoder: any Decoder) throws {
            let row = try decoder.container(keyedBy: Key.self)
            name = try row.decode(String.self, forKey: .name)
            method = try row.decode(String.self, forKey: .method)
            fields = try row.decode([[String]].self, forKey: .fields)
            outcome = try row.decode(String.self, forKey: .outcome)
            validators = try Held(from: decoder).validators
        }
    }

    /// What the server holds: the tag "a" of the standard's example moment, unless the row says otherwise.
    struct Held: Decodable {
        let validators: ConditionalRequest.Validators

        private enum Key: CodingKey { case etag, modifiedAt }

        init(from decoder: any Decoder) throws {
            let row = try decoder.container(keyedBy: Key.self)
            let moment =
                row.contains(.modifiedAt) ? try row.decodeIfPresent(Int64.self, forKey: .modifiedAt) : 784_111_777
            validators = ConditionalRequest.Validators(
                etag: try row.decodeIfPresent(String.self, forKey: .etag) ?? "\"a\"", modifiedAt: moment)
        }
    }

    @Test(arguments: Table.rows("preconditions", as: Precondition.self))
    func judgesPreconditionsInOrder(_ row: Precondition) {
        let fields = FieldTests.fields(row.fields.map { (FieldName(unchecked: $0[0]), $0[1]) })
        let head = RequestHead(method: Method(unchecked: row.method), path: "/", fields: fields)
        let expected: ConditionalRequest.Outcome =
            switch row.outcome {
            case "proceed": .proceed
            case "not modified": .notModified
            default: .failed
            }
        #expect(ConditionalRequest.evaluate(head, row.validators) == expected)
    }

    struct IfRange: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let value: String?
        let applies: Bool
        let validators: ConditionalRequest.Validators
        var testDescription: String { name }

        private enum Key: CodingKey { case name, value, applies }

        init(from decoder: any Decoder) throws {
            let row = try decoder.container(keyedBy: Key.self)
            name = try row.decode(String.self, forKey: .name)
            value = try row.decodeIfPresent(String.self, forKey: .value)
            applies = try row.decode(Bool.self, forKey: .applies)
            validators = try Held(from: decoder).validators
        }
    }

    @Test(arguments: Table.rows("if-range", as: IfRange.self)) func judgesIfRange(_ row: IfRange) {
        let fields = FieldTests.fields(row.value.map { [(.ifRange, $0)] } ?? [])
        let head = RequestHead(method: .get, path: "/", fields: fields)
        #expect(ConditionalRequest.rangeApplies(head, row.validators) == row.applies)
    }

    struct RangeRow: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let value: String
        let size: Int64
        let expected: ByteRange.Outcome
        var testDescription: String { name }

        private enum Key: CodingKey { case name, value, size, expected }

        init(from decoder: any Decoder) throws {
            let row = try decoder.container(keyedBy: Key.self)
            name = try row.decode(String.self, forKey: .name)
            value = try row.decode(String.self, forKey: .value)
            size = try row.decode(Int64.self, forKey: .size)
            if let parts = try? row.decode([[Int64]].self, forKey: .expected) {
                expected = .parts(parts.map { ByteRange(first: $0[0], last: $0[1]) })
            } else {
                expected = try row.decode(String.self, forKey: .expected) == "whole" ? .whole : .unsatisfiable
            }
        }
    }

    @Test(arguments: Table.rows("ranges", as: RangeRow.self)) func readsRanges(_ row: RangeRow) {
        #expect(ByteRange.evaluate(row.value, size: row.size) == row.expected)
    }
}
