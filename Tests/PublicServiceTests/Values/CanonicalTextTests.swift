import Foundation
import Testing

@testable import PublicService

@Suite struct CanonicalTextTests {
    @Test func normalFormsAreThoseOfUnicode() {
        // Every scalar of the first plane, alone and between two marks, beside Foundation's: beyond, that takes scalars for those
        // whose last sixteen bits are the same.
        for value in UInt32(0)..<0x1_0000 {
            // Foundation's tables are older: a mark of Unicode 17 is news to them.
            guard let scalar = Unicode.Scalar(value), scalar.properties.age?.major ?? 0 <= 15 else { continue }
            for text in [String(scalar), "\u{323}\(scalar)\u{301}"] {
                let composed = Array(text.precomposedStringWithCanonicalMapping.unicodeScalars)
                let decomposed = Array(text.decomposedStringWithCanonicalMapping.unicodeScalars)
                if Array(text.composed.unicodeScalars) != composed { Issue.record("composed: \(value)") }
                if Array(text.decomposed.unicodeScalars) != decomposed { Issue.record("decomposed: \(value)") }
            }
        }
    }

    @Test func signsBecomePlain() {
        let cases: [(String, String)] = [
            ("\u{FF10}\u{FF11}\u{FF19}", "019"), ("\u{660}\u{661}\u{669}", "019"), ("\u{966}\u{96F}", "09"),
            ("\u{FF0F}\u{FF0D}\u{FF21}", "/-A"), ("\u{3000}\u{A0}\t", "   "),
            // Superscripts, circles and fractions are no digits of a number.
            ("\u{B2}\u{2460}\u{BD}", "\u{B2}\u{2460}\u{BD}"), ("abc 12", "abc 12"), ("", ""),
        ]
        for (raw, plain) in cases { #expect(raw.plainSigns == plain) }
    }

    @Test func whatPeopleTypeInAnyDigitsIsANumber() throws {
        #expect(try PhoneNumber.check("\u{FF10}\u{FF19}12345678") == "0912345678")
        #expect(try PhoneNumber.check("\u{660}\u{669}12345678") == "0912345678")
        #expect(throws: TextDefect.self) { try PhoneNumber.check("\u{2070}912345678") }
        #expect(try DateInput.check("\u{FF11}/\u{FF12}/2026") == DateInput.check("1/2/2026"))
    }

    @Test func endsAreTrimmedOfEverySpace() {
        #expect("\u{2003} \u{A0}\ta b\u{2028}\r\n".trimmed == "a b")
        #expect(" \u{3000}".trimmed == "" && "".trimmed == "" && "a".trimmed == "a")
        #expect("  a \u{301}".trimmed.unicodeScalars.count == 3)
    }
}
