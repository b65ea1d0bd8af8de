import Foundation
import Platform
import Testing

/// Values of every shape that may be kept.
private struct Sample: Codable, Equatable, Sendable {
    struct Inner: Codable, Equatable, Sendable {
        var text: String
        var none: String?
    }
    enum Place: Codable, Equatable, Sendable {
        case desk
        case officer(String, Int)
        case named(name: String)
    }
    var z = 1
    var a: Int64 = -9_223_372_036_854_775_808
    var unsigned: UInt64 = .max
    var small: [UInt8] = [0, 255]
    var flag = true
    var flags = [true, false]
    var inner = Inner(text: "x", none: nil)
    var list: [Inner] = [Inner(text: "1", none: "2")]
    var nothing: [Inner] = []
    var places: [Place] = [.desk, .officer("a", 2), .named(name: "b")]
    var answers: [String: String] = [
        "ten": "Nguyễn", "Ten": "đ", "ten_me": "", "10": "9", "9": "10", "é": "e", "z": "a",
    ]
    var maybe: [Int?] = [1, nil]
    var counts: [String: [Int]] = ["a": [1, 2], "": []]
    var numbers: [Int: Int] = [1: 2]
}

private func byFoundation(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

private func text(_ value: some Encodable, ready: (any ReadyJSON)? = nil) throws -> String {
    String(decoding: try SortedJSON.encode(value, ready: ready), as: UTF8.self)
}

@Suite struct SortedJSONTests {
    @Test func everyShapeIsWrittenAsFoundationWritesIt() throws {
        #expect(try text(Sample()) == byFoundation(Sample()))
        #expect(try text("/") == byFoundation("/"))
        #expect(try text([1, 2]) == byFoundation([1, 2]))
        #expect(try text(Optional<Int>.none) == byFoundation(Optional<Int>.none))
    }

    @Test func everyCharacterIsWrittenAsFoundationWritesIt() throws {
        let scalars = (0..<0x2100).compactMap { Unicode.Scalar(UInt32($0)) } + ["\u{FEFF}", "\u{FFFF}", "\u{1F600}"]
        let each = scalars.map { "a\($0)b" }
        #expect(try text(each) == byFoundation(each))
        let keys = Dictionary(scalars.map { ("\($0)", 1) }) { first, _ in first }
        #expect(try text(keys) == byFoundation(keys))
    }

    @Test func aValueEncodedAheadIsPutInWhereItStandsAndNowhereElse() throws {
        let ahead = try EncodedAhead(Sample.Inner(text: "1", none: "2"))
        #expect(try text(Sample(), ready: ahead) == byFoundation(Sample()))
        #expect(try text(["x": Sample.Inner(text: "1", none: "3")], ready: ahead) == #"{"x":{"none":"3","text":"1"}}"#)
    }

    @Test func whatWasWrittenIsReadAsFoundationReadsIt() throws {
        let written = try text(Sample())
        #expect(try SortedJSON.decode(Sample.self, written) == Sample())
        #expect(try SortedJSON.decode([Int].self, " [ 1 ,\n2\t] ") == [1, 2])
        #expect(try SortedJSON.decode([String].self, #"["\ud83d\ude00\u0041\/\b"]"#) == ["\u{1F600}A/\u{8}"])
        let scalars = (0..<0x2100).compactMap { Unicode.Scalar(UInt32($0)) } + ["\u{FEFF}", "\u{FFFF}", "\u{1F600}"]
        let each = scalars.map { "a\($0)b" }
        #expect(try SortedJSON.decode([String].self, text(each)) == each)
    }

    @Test(arguments: [
        "", "[", "[1", "[1,", "[1,]", "[1 2]", "[1]x", "[1.5]", "[1e2]", "[-]", "[tru]", "[\"a]", "[\"\\x\"]",
        "[\"a\nb\"]",
        "[\"\\ud800\"]", "[\"\\u12\"]", "{\"a\":1", "{a:1}", "{\"a\" 1}", "[99999999999999999999]", "[\"1\"]", "null",
        String(repeating: "[", count: 100_000),
    ])
    func whatIsNoListOfNumbersIsRefused(_ text: String) {
        #expect(throws: DecodingError.self) { try SortedJSON.decode([Int].self, text) }
    }

    @Test func aNameThatIsMissingIsRefused() {
        #expect(throws: DecodingError.self) { try SortedJSON.decode(Sample.Inner.self, "{}") }
        #expect(throws: DecodingError.self) { try SortedJSON.decode(Sample.Inner.self, #"{"text":null}"#) }
        #expect(throws: DecodingError.self) { try SortedJSON.decode([UInt8].self, "[256]") }
    }

    @Test func aFractionIsRefused() {
        #expect(throws: EncodingError.self) { try SortedJSON.encode(["a": 1.5]) }
        #expect(throws: EncodingError.self) { try SortedJSON.encode([Float(1.5)]) }
        #expect(throws: EncodingError.self) { try SortedJSON.encode(1.5) }
    }
}
