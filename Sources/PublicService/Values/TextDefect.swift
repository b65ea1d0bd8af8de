/// Why a typed text is not taken: `key` names the sentence that tells how to mend it.
public enum TextDefect: Error, Sendable, Hashable {
    /// Nothing was typed.
    case missing
    /// More characters than allowed.
    case tooLong(limit: Int)
    /// Fewer than allowed.
    case tooShort(limit: Int)
    /// NUL or another control character.
    case controlCharacter
    /// A character that turns the reading direction or cannot be seen.
    case invisibleCharacter
    /// U+01A3 (Latin letter OI), which a broken keyboard or font puts for u with horn.
    case wrongLetter
    /// The same field twice.
    case repeated
    /// Not one of the choices.
    case notAChoice
    /// A name without letters, or with digits.
    case notAName
    /// A phone number that Vietnam does not have.
    case notAPhone
    /// An e-mail address without its parts.
    case notAnEmail
    /// An identity number with another count of digits.
    case digitCount(expected: Int, found: Int)
    /// An identity number whose first digits no province has, or whose year lies ahead.
    case notAnID
    /// A day that does not exist.
    case notADate
    /// A day typed so that it can be read in two ways.
    case ambiguousDate
    /// The day must have passed.
    case notPast
    /// The day must lie ahead.
    case notFuture
    /// Not a whole number.
    case notANumber
    /// Outside the bounds.
    case outOfBounds(from: Int, to: Int)

    /// The message's name.
    public var key: String {
        switch self {
        case .missing: "missing"
        case .tooLong: "tooLong"
        case .tooShort: "tooShort"
        case .controlCharacter: "controlCharacter"
        case .invisibleCharacter: "invisibleCharacter"
        case .wrongLetter: "wrongLetter"
        case .repeated: "repeated"
        case .notAChoice: "notAChoice"
        case .notAName: "notAName"
        case .notAPhone: "notAPhone"
        case .notAnEmail: "notAnEmail"
        case .digitCount: "digitCount"
        case .notAnID: "notAnID"
        case .notADate: "notADate"
        case .ambiguousDate: "ambiguousDate"
        case .notPast: "notPast"
        case .notFuture: "notFuture"
        case .notANumber: "notANumber"
        case .outOfBounds: "outOfBounds"
        }
    }

    /// Every key, so that a missing sentence is found at start.
    public static let keys = [
        "missing", "tooLong", "tooShort", "controlCharacter", "invisibleCharacter", "wrongLetter", "repeated",
        "notAChoice", "notAName", "notAPhone", "notAnEmail", "digitCount", "notAnID", "notADate", "ambiguousDate",
        "notPast", "notFuture", "notANumber", "outOfBounds",
    ]

    /// What the sentence's gaps are filled with.
    public var parameters: [String: String] {
        switch self {
        case .tooLong(let limit), .tooShort(let limit): ["limit": String(limit)]
        case .digitCount(let expected, let found): ["expected": String(expected), "found": String(found)]
        case .outOfBounds(let from, let to): ["from": String(from), "to": String(to)]
        default: [:]
        }
    }
}
