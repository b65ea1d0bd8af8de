/// Where in the markup a template stands, so that a value can only be put where escaping makes it harmless: between
/// tags, or inside a quoted attribute value. Inside scripts, styles, comments, tags and bare attribute values escaping
/// protects nothing (OWASP ASVS 5.0 §1.2.1), and there names are refused.
struct MarkupContext: Sendable, Hashable {
    enum State: Sendable, Hashable {
        case text
        /// Behind "<": a tag, or just the sign.
        case open
        /// Inside a tag, outside attribute values.
        case tag
        /// Behind "=".
        case beforeValue
        case quoted(UInt8)
        case bare
        case comment
        /// Inside script or style.
        case raw
    }

    private(set) var state = State.text
    /// Name of the tag being read, or of the raw element that is open.
    private var element: [UInt8] = []
    private var isReadingElement = false
    private var attribute: [UInt8] = []
    /// The last bytes, for "-->" and "</script".
    private var recent: [UInt8] = []

    /// Moves over literal markup.
    mutating func feed(_ bytes: ArraySlice<UInt8>) {
        for byte in bytes { feed(byte) }
    }

    /// Why a text may not be shown here; nil when it may.
    var refusal: String? {
        switch state {
        case .text: nil
        case .quoted where isScripted: "inside an attribute that is a script or a style"
        case .quoted: nil
        case .open, .tag: "inside a tag, outside a quoted attribute value"
        case .beforeValue, .bare: "in an attribute value without quotes"
        case .comment: "inside a comment"
        case .raw: "inside <\(String(decoding: element, as: UTF8.self))>"
        }
    }

    /// Whether whole markup may stand here.
    var takesMarkup: Bool { state == .text }

    /// Whether both are at the same place, as far as what follows is concerned.
    func agrees(with other: MarkupContext) -> Bool { state == other.state }

    /// `on…` handlers, style and srcdoc are languages of their own.
    private var isScripted: Bool {
        attribute.starts(with: "on".utf8) || attribute == Array("style".utf8) || attribute == Array("srcdoc".utf8)
    }

    private mutating func feed(_ byte: UInt8) {
        switch state {
        case .text:
            if byte == UInt8(ascii: "<") { state = .open }
        case .open:
            openTag(byte)
        case .tag:
            readTag(byte)
        case .beforeValue:
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                state = .quoted(byte)
            } else if byte == UInt8(ascii: ">") {
                closeTag()
            } else if !isSpace(byte) {
                state = .bare
            }
        case .quoted(let quote):
            if byte == quote { endAttribute() }
        case .bare:
            if byte == UInt8(ascii: ">") { closeTag() } else if isSpace(byte) { endAttribute() }
        case .comment:
            remember(byte)
            if recent.suffix(3) == Array("-->".utf8)[...] { state = .text }
        case .raw:
            remember(byte)
            if recent.suffix(element.count + 2).elementsEqual(Array("</".utf8) + element) {
                element = []
                attribute = []
                state = .tag
            }
        }
    }

    private mutating func openTag(_ byte: UInt8) {
        let lower = byte | 0x20
        if (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lower) {
            element = [lower]
            isReadingElement = true
            attribute = []
            state = .tag
        } else if byte == UInt8(ascii: "/") || byte == UInt8(ascii: "!") {
            element = []
            isReadingElement = false
            attribute = []
            recent = [byte]
            state = .tag
        } else if byte != UInt8(ascii: "<") {
            state = .text
        }
    }

    private mutating func readTag(_ byte: UInt8) {
        if recent == [UInt8(ascii: "!")] || recent == Array("!-".utf8) {
            remember(byte)
            if recent == Array("!--".utf8) {
                recent = []
                state = .comment
                return
            }
        }
        switch byte {
        case UInt8(ascii: ">"):
            closeTag()
        case UInt8(ascii: "="):
            state = .beforeValue
        case _ where isSpace(byte) || byte == UInt8(ascii: "/"):
            isReadingElement = false
            attribute = []
        case _ where isReadingElement:
            element.append(byte | 0x20)
        default:
            attribute.append((UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte)
        }
    }

    private mutating func endAttribute() {
        attribute = []
        state = .tag
    }

    private mutating func closeTag() {
        recent = []
        attribute = []
        isReadingElement = false
        state = element == Array("script".utf8) || element == Array("style".utf8) ? .raw : .text
        if state == .text { element = [] }
    }

    private mutating func remember(_ byte: UInt8) {
        recent.append((UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte)
        if recent.count > 16 { recent.removeFirst(recent.count - 16) }
    }

    private func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D || byte == 0x0C
    }
}
