import Testing

@testable import HTTPWire

@Suite struct BodyDecoderTests {
    /// Decodes `text` cut at `cuts`; returns content, whether complete, and bytes consumed.
    static func decode(
        _ text: String, framing: BodyFraming = .chunked, piece: Int
    ) throws -> (content: String, complete: Bool, consumed: Int) {
        var decoder = BodyDecoder(framing: framing)
        var content: [UInt8] = []
        var consumed = 0
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: piece) where !decoder.isComplete {
            consumed += try bytes[start..<min(start + piece, bytes.count)].withUnsafeBytes { part in
                try decoder.decode(part) { content.append(contentsOf: $0) }
            }
        }
        return (String(decoding: content, as: UTF8.self), decoder.isComplete, consumed)
    }

    @Test(arguments: [1, 2, 3, 5, 7, 1000]) func readsChunksAtEverySplit(_ piece: Int) throws {
        let wire = "4;a=b ; c=\"d\"\r\nWiki\r\n6\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\nX-Sum: 1\r\n\r\n"
        let read = try BodyDecoderTests.decode(wire + "GET", piece: piece)
        #expect(read.content == "Wikipedia in \r\n\r\nchunks.")
        #expect(read.complete)
        #expect(read.consumed >= wire.utf8.count)
    }

    @Test(arguments: [1, 3, 100]) func readsExactlyTheLength(_ piece: Int) throws {
        let read = try BodyDecoderTests.decode("abcdefGET", framing: .length(6), piece: piece)
        #expect(read.content == "abcdef")
        #expect(read.complete)
    }

    @Test func leavesTheNextMessageAlone() throws {
        let read = try BodyDecoderTests.decode("1\r\na\r\n0\r\n\r\nGET /", piece: 1000)
        #expect(read.consumed == "1\r\na\r\n0\r\n\r\n".utf8.count)
    }

    @Test(arguments: [
        "\r\n", "g\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", " 1\r\n", "1 \r\n", "1\n", "1\r\nab\r\n", "1\r\na\n0\r\n",
        "1000000000000000\r\n", "1;\u{0}\r\n", "1 x\r\n", "1;\r\n", "0\r\n folded\r\n\r\n", "0\r\nbad name: x\r\n\r\n",
        "1\rx\r\n", "1;" + String(repeating: "x", count: 1100) + "\r\n",
    ]) func refusesABrokenChunk(_ wire: String) {
        for piece in [1, 1000] {
            #expect(throws: Refusal.self) { try BodyDecoderTests.decode(wire, piece: piece) }
        }
    }

    @Test func boundsTrailers() {
        let wire = "0\r\n" + String(repeating: "X: " + String(repeating: "a", count: 1000) + "\r\n", count: 20)
        #expect(throws: Refusal.self) { try BodyDecoderTests.decode(wire, piece: 64) }
    }
}
