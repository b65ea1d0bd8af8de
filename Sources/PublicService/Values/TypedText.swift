import FoundationEssentials

/// What people type, made the same: NFC, full-width digits as plain ones, no white space at the ends.
public enum TypedText {
    /// One line of text. Throws what is wrong with it.
    public static func line(_ raw: String, limit: Int) throws(TextDefect) -> String {
        guard PlainText.holds(raw) else { return try lineByTables(raw, limit: limit) }
        let text = PlainText.trimmed(raw)
        guard !text.isEmpty else { throw .missing }
        try check(text, allowsLines: false)
        let joined = PlainText.joined(text)
        guard joined.count <= limit else { throw .tooLong(limit: limit) }
        return joined.text
    }

    /// The same for any text.
    static func lineByTables(_ raw: String, limit: Int) throws(TextDefect) -> String {
        let text = raw.composed.trimmed
        guard !text.isEmpty else { throw .missing }
        try check(text.unicodeScalars, allowsLines: false)
        let joined = text.split(whereSeparator: { $0 == " " || $0 == "\u{A0}" }).joined(separator: " ")
        guard joined.count <= limit else { throw .tooLong(limit: limit) }
        return joined
    }

    /// Several lines; CR LF becomes LF.
    public static func paragraph(_ raw: String, limit: Int) throws(TextDefect) -> String {
        let text = raw.composed.replacing("\r\n", with: "\n")
            .trimmed
        guard !text.isEmpty else { throw .missing }
        try check(text.unicodeScalars, allowsLines: true)
        guard text.count <= limit else { throw .tooLong(limit: limit) }
        return text
    }

    private static func check(_ text: some Sequence<Unicode.Scalar>, allowsLines: Bool) throws(TextDefect) {
        for scalar in text {
            switch scalar.value {
            case 0x0A where allowsLines, 0x09: continue
            case 0x00...0x1F, 0x7F...0x9F: throw .controlCharacter
            case 0x01A2, 0x01A3: throw .wrongLetter
            case 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2069, 0xFEFF, 0xFFF9...0xFFFF, 0xE000...0xF8FF,
                0x2028, 0x2029, 0x061C:
                throw .invisibleCharacter
            default: continue
            }
        }
    }

    /// Digits only, full-width and other scripts' digits as plain ones; nil when anything but spaces, full stops,
    /// hyphens and brackets stands between them.
    public static func digits(_ raw: String) -> String? {
        var kept = ""
        for scalar in compatible(raw).unicodeScalars {
            if ("0"..."9").contains(scalar) {
                kept.unicodeScalars.append(scalar)
            } else if !" .-()\u{A0}\t\r\n".unicodeScalars.contains(scalar) {
                return nil
            }
        }
        return kept
    }

    /// NFKC, which ASCII is already.
    static func compatible(_ raw: String) -> String {
        PlainText.isASCII(raw) ? raw : raw.plainSigns
    }

    /// Lower case without marks, d with stroke as d: for search. Everything that is neither letter nor digit is a space.
    public static func folded(_ text: String) -> String {
        PlainText.holds(text) ? PlainText.folded(text) : foldedByTables(text)
    }

    /// The same for any text.
    static func foldedByTables(_ text: String) -> String {
        var words: [String] = []
        var word = ""
        for scalar in text.decomposed.lowercased().unicodeScalars {
            switch scalar {
            case "\u{111}": word.append("d")
            case _ where scalar.properties.generalCategory == .nonspacingMark: continue
            case _ where scalar.properties.isAlphabetic || scalar.properties.numericType != nil:
                word.unicodeScalars.append(scalar)
            default:
                if !word.isEmpty { words.append(word) }
                word = ""
            }
        }
        if !word.isEmpty { words.append(word) }
        return words.joined(separator: " ")
    }
}

/// A person's name as typed; any script's letters, no digits.
public enum PersonName {
    /// Checks a name of at most 120 characters.
    public static func check(_ raw: String) throws(TextDefect) -> String {
        let name = try TypedText.line(raw, limit: 120)
        let isName = name.unicodeScalars.allSatisfy {
            ("a"..."z").contains($0) || ("A"..."Z").contains($0) || $0.properties.isAlphabetic
                || $0.properties.generalCategory == .nonspacingMark
                || " .'-\u{2019}".unicodeScalars.contains($0)
        }
        guard isName, name.unicodeScalars.contains(where: { $0.properties.isAlphabetic }) else { throw .notAName }
        return name
    }
}

/// A Vietnamese phone number: `0` and nine digits (mobile), or a landline with its area code.
public enum PhoneNumber {
    /// Accepts `+84`, `84`, spaces, full stops and hyphens; returns the national form.
    public static func check(_ raw: String) throws(TextDefect) -> String {
        let trimmed = PlainText.holds(raw) ? String(PlainText.trimmed(raw)) : raw.trimmed
        guard !trimmed.isEmpty else { throw .missing }
        let isInternational = trimmed.hasPrefix("+")
        guard var digits = TypedText.digits(isInternational ? String(trimmed.dropFirst()) : trimmed) else {
            throw .notAPhone
        }
        if isInternational || digits.count == 11 && digits.hasPrefix("84") {
            guard digits.hasPrefix("84") else { throw .notAPhone }
            digits = "0" + digits.dropFirst(2)
        }
        guard digits.hasPrefix("0"), let second = digits.dropFirst().first else { throw .notAPhone }
        let isMobile = "35789".contains(second) && digits.count == 10
        let isLandline = second == "2" && (10...11).contains(digits.count)
        guard isMobile || isLandline else { throw .notAPhone }
        return digits
    }
}

/// The personal identification number: 12 digits PPP G YY SSSSSS, without a check digit (Circular 07/2016/TT-BCA).
public enum PersonalID {
    // The 63 provinces of birth registration, as numbers; the codes stay valid after the mergers of 2025.
    private static let provinces: Set<Int> = [
        1, 2, 4, 6, 8, 10, 11, 12, 14, 15, 17, 19, 20, 22, 24, 25, 26, 27, 30, 31, 33, 34, 35, 36, 37, 38, 40, 42, 44,
        45, 46, 48, 49, 51, 52, 54, 56, 58, 60, 62, 64, 66, 67, 68, 70, 72, 74, 75, 77, 79, 80, 82, 83, 84, 86, 87, 89,
        91, 92, 93, 94, 95, 96,
    ]

    /// Accepts spaces, full stops and hyphens; returns the 12 digits. `today` bounds the year of birth.
    public static func check(_ raw: String, today: LocalDate) throws(TextDefect) -> String {
        guard !raw.trimmed.isEmpty else { throw .missing }
        guard let digits = TypedText.digits(raw) else { throw .notAnID }
        guard digits.count == 12 else { throw .digitCount(expected: 12, found: digits.count) }
        let numbers = digits.utf8.map { Int($0) - 48 }
        let province = numbers[0] * 100 + numbers[1] * 10 + numbers[2]
        // Codes from 100 on are countries of those born abroad; their list is not published with the structure.
        guard provinces.contains(province) || province >= 100 else { throw .notAnID }
        guard birthYear(numbers) <= today.year else { throw .notAnID }
        return digits
    }

    private static func birthYear(_ numbers: [Int]) -> Int {
        1900 + 100 * (numbers[3] / 2) + numbers[4] * 10 + numbers[5]
    }
}

/// An e-mail address: one `@`, a dotted domain, at most 254 characters (RFC 5321 §4.5.3.1).
public enum EmailAddress {
    /// Returns the address as typed, without surrounding space.
    public static func check(_ raw: String) throws(TextDefect) -> String {
        let text = try TypedText.line(raw, limit: 254)
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, parts[0].count <= 64,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            parts[1].contains("."), !parts[1].hasPrefix("."), !parts[1].hasSuffix("."), !parts[1].contains("..")
        else { throw .notAnEmail }
        return text
    }
}

/// A day as people type it.
public enum DateInput {
    /// Reads `d/M/yyyy` with `/`, `-`, `.` or spaces between, `ddMMyyyy`, and `yyyy-MM-dd`; returns `yyyy-MM-dd`'s day.
    /// Six digits in a row, and years of two digits, are refused as ambiguous.
    public static func check(_ raw: String) throws(TextDefect) -> LocalDate {
        let text = PlainText.isASCII(raw) ? String(PlainText.trimmed(raw)) : raw.plainSigns.trimmed
        let parts = text.split(whereSeparator: { "/-. ".contains($0) }).map(String.init)
        guard !parts.isEmpty else { throw .missing }
        guard parts.allSatisfy({ $0.utf8.allSatisfy(isDigit) && $0.utf8.count <= 8 }) else { throw .notADate }
        if parts.count == 1 {
            guard parts[0].utf8.count == 8, let number = Int(parts[0]) else {
                throw parts[0].utf8.count == 6 ? .ambiguousDate : .notADate
            }
            return try day(number % 10_000, number / 10_000 % 100, number / 1_000_000)
        }
        guard parts.count == 3, let first = Int(parts[0]), let second = Int(parts[1]), let third = Int(parts[2]) else {
            throw .notADate
        }
        if parts[0].utf8.count == 4 { return try day(first, second, third) }
        guard parts[2].utf8.count == 4 else { throw parts[2].utf8.count == 2 ? .ambiguousDate : .notADate }
        return try day(third, second, first)
    }

    private static func day(_ year: Int, _ month: Int, _ day: Int) throws(TextDefect) -> LocalDate {
        guard let date = LocalDate(year: year, month: month, day: day) else { throw .notADate }
        return date
    }
}
