import Testing

@testable import PublicService

/// The short way through text of Latin letters says what the long way says.
@Suite struct PlainTextTests {
    private static let scalars = (Array(0..<0x300) + Array(0x1E00..<0x1F00)).compactMap { Unicode.Scalar(UInt32($0)) }

    private func result(_ check: () throws(TextDefect) -> String) -> Result<String, TextDefect> {
        do throws(TextDefect) { return .success(try check()) } catch { return .failure(error) }
    }

    private func same(_ text: String, limit: Int = 200) -> Bool {
        guard PlainText.holds(text) else { return false }
        let short = result { () throws(TextDefect) in try TypedText.line(text, limit: limit) }
        let long = result { () throws(TextDefect) in try TypedText.lineByTables(text, limit: limit) }
        guard case (.success(let left), .success(let right)) = (short, long) else { return short == long }
        // Byte for byte, because equal strings may still be written differently.
        return Array(left.utf8) == Array(right.utf8)
    }

    @Test func everyCharacterAloneAtTheEndsAndBetweenIsTakenTheSame() {
        for scalar in Self.scalars {
            for text in [
                "\(scalar)", "a\(scalar)", "\(scalar)a", "a\(scalar)\(scalar)b", " \(scalar) a", "a \(scalar) b",
            ] {
                #expect(same(text), "U+\(String(scalar.value, radix: 16))")
            }
        }
    }

    @Test func runsOfAnyCharactersAreTakenTheSame() {
        var seed: UInt64 = 7
        func next(_ bound: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % bound
        }
        let often: [Unicode.Scalar] = [" ", "\u{A0}", "a", "ế", "\t", "đ", "-"]
        for _ in 0..<5_000 {
            var text = ""
            for _ in 0..<next(14) {
                text.unicodeScalars.append(
                    next(4) == 0 ? Self.scalars[next(Self.scalars.count)] : often[next(often.count)])
            }
            #expect(same(text, limit: 6))
            #expect(TypedText.folded(text) == TypedText.foldedByTables(text))
        }
    }

    @Test func everyCharacterIsFoldedTheSame() {
        for scalar in Self.scalars {
            let text = "Xin \(scalar)x\(scalar) \(scalar)"
            #expect(TypedText.folded(text) == TypedText.foldedByTables(text), "U+\(String(scalar.value, radix: 16))")
        }
    }

    @Test func marksOfTheirOwnGoTheLongWay() {
        #expect(!PlainText.holds("e\u{301}"))
        #expect(Array((try? TypedText.line("e\u{301}", limit: 9))?.utf8 ?? "".utf8) == Array("é".utf8))
    }
}
