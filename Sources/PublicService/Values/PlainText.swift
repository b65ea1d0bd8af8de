/// Text of Latin letters with their Vietnamese marks in one piece, as nearly everybody types it: below U+0300 and in
/// U+1E00 to U+1EFF. Each such character is in NFC, combines with none beside it (UAX #15, NFC_Quick_Check=Yes, class 0)
/// and, but for CR before LF, is a grapheme of its own, so that what Foundation would do with it is done by a walk.
enum PlainText {
    static func holds(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0.value < 0x300 || (0x1E00...0x1EFF).contains($0.value) }
    }

    static func isASCII(_ text: String) -> Bool { text.utf8.allSatisfy { $0 < 0x80 } }

    /// Without white space and line ends at the ends.
    static func trimmed(_ text: String) -> Substring.UnicodeScalarView {
        let all = text.unicodeScalars
        guard let first = all.firstIndex(where: { !isSpace($0) }), let last = all.lastIndex(where: { !isSpace($0) })
        else { return Substring().unicodeScalars }
        return Substring(all[first...last]).unicodeScalars
    }

    /// Runs of spaces as one, and how many characters that makes. For text without line ends.
    static func joined(_ text: Substring.UnicodeScalarView) -> (text: String, count: Int) {
        var count = 0
        var isAfterSpace = false
        var isClean = true
        for scalar in text {
            let isSpace = scalar == " " || scalar == "\u{A0}"
            if isSpace && isAfterSpace { isClean = false } else { count += 1 }
            if scalar == "\u{A0}" { isClean = false }
            isAfterSpace = isSpace
        }
        if isClean { return (String(text), count) }
        let words = text.split { $0 == " " || $0 == "\u{A0}" }
        return (words.map { String($0) }.joined(separator: " "), count)
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09...0x0D, 0x20, 0x85, 0xA0: true
        default: false
        }
    }

    /// What a character is folded to: letters, nothing for a mark, a space between words.
    private static let folds: [[String]] = [0..<0x300, 0x1E00..<0x1F00].map { range in
        range.map { value in
            guard let scalar = Unicode.Scalar(UInt32(value)) else { return " " }
            let folded = TypedText.foldedByTables("a\(scalar)a")
            return folded.contains(" ") ? " " : String(folded.dropFirst().dropLast())
        }
    }

    /// `TypedText.folded` of plain text.
    static func folded(_ text: String) -> String {
        var folded = ""
        for scalar in text.unicodeScalars {
            let value = Int(scalar.value)
            let fold = value < 0x300 ? folds[0][value] : folds[1][value - 0x1E00]
            if fold != " " {
                folded += fold
            } else if !folded.isEmpty, folded.utf8.last != UInt8(ascii: " ") {
                folded += " "
            }
        }
        if folded.utf8.last == UInt8(ascii: " ") { folded.removeLast() }
        return folded
    }
}
