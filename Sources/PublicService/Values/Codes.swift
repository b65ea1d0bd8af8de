/// A text made once at the border and trusted after: encoded as the plain text.
public protocol CheckedText: RawRepresentable, Hashable, Codable, Sendable, CustomStringConvertible
where RawValue == String {}

extension CheckedText {
    /// The text itself.
    public var description: String { rawValue }
}

/// The code of an administrative procedure, `N.NNNNNN` (the national catalogue; `Catalogue/procedures/`).
public struct ProcedureCode: CheckedText {
    /// e.g. `1.001193`.
    public let rawValue: String

    /// nil unless one digit, a full stop and six digits.
    public init?(rawValue: String) {
        let bytes = Array(rawValue.utf8)
        guard bytes.count == 8, bytes[1] == UInt8(ascii: "."),
            bytes.enumerated().allSatisfy({ $0.offset == 1 || isDigit($0.element) })
        else { return nil }
        self.rawValue = rawValue
    }
}

/// An agency's identifier: QCVN 102:2016 (`000.17.22.H56`) or QD 20/2020/QD-TTg (`H56.22.17`) form.
public struct AgencyCode: CheckedText {
    /// Upper-case letters, digits and full stops, 3 to 40.
    public let rawValue: String

    /// nil unless 3 to 40 upper-case letters, digits and full stops.
    public init?(rawValue: String) {
        let bytes = rawValue.utf8
        guard (3...40).contains(bytes.count),
            bytes.allSatisfy({ isDigit($0) || (65...90).contains($0) || $0 == UInt8(ascii: ".") })
        else { return nil }
        self.rawValue = rawValue
    }
}

/// A dossier's public code, `<agency>-<YYMMDD>-<NNNN>`, gapless per agency and day (domain pattern of identifiers).
/// Guessable, so never enough to see personal data.
public struct DossierCode: CheckedText {
    /// e.g. `H56.31.12-261123-0001`.
    public let rawValue: String

    /// nil unless the pattern `^[A-Z0-9.]{3,40}-\d{6}-\d{4,6}$` holds.
    public init?(rawValue: String) {
        let parts = rawValue.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 3, AgencyCode(rawValue: String(decoding: parts[0], as: UTF8.self)) != nil,
            parts[1].count == 6, parts[1].allSatisfy(isDigit),
            (4...6).contains(parts[2].count), parts[2].allSatisfy(isDigit)
        else { return nil }
        self.rawValue = rawValue
    }
}

/// A dossier's inner identity: a UUIDv7 text made by the program; never shown.
public struct DossierID: CheckedText {
    /// 36 characters, lower case.
    public let rawValue: String

    /// nil unless 36 characters of lower-case hexadecimal digits and hyphens.
    public init?(rawValue: String) {
        guard rawValue.utf8.count == 36,
            rawValue.utf8.allSatisfy({ isDigit($0) || (97...102).contains($0) || $0 == UInt8(ascii: "-") })
        else { return nil }
        self.rawValue = rawValue
    }
}

/// The random key on the receipt: the second factor of public tracking. 12 characters of an alphabet without
/// look-alikes (58 bits), shown in groups of four.
public struct LookupKey: CheckedText {
    /// 12 characters of `alphabet`.
    public let rawValue: String
    /// Digits and upper-case letters without 0, 1, I, L, O and U: 30 characters that cannot be taken for one another.
    public static let alphabet = Array("23456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// Accepts what people type: lower case, spaces, hyphens; nil unless 12 characters of the alphabet remain.
    public init?(rawValue: String) {
        var kept: [UInt8] = []
        for byte in rawValue.utf8 where byte != UInt8(ascii: " ") && byte != UInt8(ascii: "-") {
            let upper = (97...122).contains(byte) ? byte - 32 : byte
            guard kept.count < 12, LookupKey.alphabet.contains(upper) else { return nil }
            kept.append(upper)
        }
        guard kept.count == 12 else { return nil }
        self.rawValue = String(decoding: kept, as: UTF8.self)
    }

    /// Maps random bytes to the alphabet; bytes of 240 and above are skipped so that every character is equally likely.
    /// nil when fewer than 12 usable bytes came.
    public init?(randomBytes: some Sequence<UInt8>) {
        var text: [UInt8] = []
        for byte in randomBytes where byte < 240 && text.count < 12 {
            text.append(LookupKey.alphabet[Int(byte) % LookupKey.alphabet.count])
        }
        self.init(rawValue: String(decoding: text, as: UTF8.self))
    }

    /// `ABCD-EFGH-JKMN`, for paper and screen.
    public var grouped: String {
        var text = ""
        for (index, character) in rawValue.enumerated() {
            if index > 0, index.isMultiple(of: 4) { text.append("-") }
            text.append(character)
        }
        return text
    }
}

/// An officer's login name, also the identity that events keep.
public struct OfficerID: CheckedText {
    /// 2 to 40 lower-case letters, digits, full stops and hyphens.
    public let rawValue: String

    /// nil unless 2 to 40 lower-case letters, digits, full stops and hyphens.
    public init?(rawValue: String) {
        let bytes = rawValue.utf8
        guard (2...40).contains(bytes.count),
            bytes.allSatisfy({
                isDigit($0) || (97...122).contains($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
            })
        else { return nil }
        self.rawValue = rawValue
    }
}

/// The SHA-256 of a file's content in lower-case hexadecimal: the file's name in the attachment store.
public struct ContentDigest: CheckedText {
    /// 64 lower-case hexadecimal digits.
    public let rawValue: String

    /// nil unless 64 lower-case hexadecimal digits.
    public init?(rawValue: String) {
        guard rawValue.utf8.count == 64, rawValue.utf8.allSatisfy({ isDigit($0) || (97...102).contains($0) })
        else { return nil }
        self.rawValue = rawValue
    }

    /// The 32 bytes.
    public var bytes: [UInt8] {
        let digits = rawValue.utf8.map { isDigit($0) ? $0 - 48 : $0 - 87 }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

@inlinable
func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
