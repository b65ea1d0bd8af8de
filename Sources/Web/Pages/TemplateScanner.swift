/// A tag as it stands in the source.
struct TemplateTag: Sendable {
    enum Kind: Sendable {
        case variable, section, inverted, close, comment, partial, parent, block

        /// Whether a tag of this kind may vanish together with its line.
        var isStructural: Bool { self != .variable }
    }

    let kind: Kind
    let name: String
    let line: Int
}

/// One line of a template: text and tags, and how it ends.
struct TemplateLine: Sendable {
    enum Piece: Sendable {
        case text([UInt8])
        case tag(TemplateTag)
    }

    var pieces: [Piece] = []
    /// "\n", "\r\n", or nothing at the end of the source.
    var ending: [UInt8] = []

    /// The tags, when the line shows nothing else: they then vanish with the line's white space and ending.
    /// A line that opens or closes a parent may hold its block tags as well.
    var standaloneTags: [TemplateTag]? {
        var tags: [TemplateTag] = []
        for piece in pieces {
            switch piece {
            case .text(let bytes):
                guard bytes.allSatisfy(isTemplateSpace) else { return nil }
            case .tag(let tag):
                guard tag.kind.isStructural else { return nil }
                tags.append(tag)
            }
        }
        if tags.count == 1 { return tags }
        let opensParent = tags.first.map { $0.kind == .parent } ?? false
        let closesParent = tags.count == 2 && tags.allSatisfy { $0.kind == .close }
        return opensParent || closesParent ? tags : nil
    }
}

func isTemplateSpace(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
}

/// Cuts a template's source into lines of text and tags.
struct TemplateScanner {
    private let template: String
    private let source: [UInt8]
    private var position = 0
    private var line = 1
    private var lines: [TemplateLine] = []
    private var current = TemplateLine()

    private init(template: String, source: [UInt8]) {
        self.template = template
        self.source = source
    }

    static func lines(of source: [UInt8], template: String) throws(TemplateError) -> [TemplateLine] {
        var scanner = TemplateScanner(template: template, source: source)
        try scanner.scan()
        return scanner.lines
    }

    private mutating func scan() throws(TemplateError) {
        var textStart = 0
        while position < source.count {
            if startsTag(at: position) {
                addText(from: textStart)
                try scanTag()
                textStart = position
            } else if source[position] == UInt8(ascii: "\n") {
                let hasReturn = position > textStart && source[position - 1] == UInt8(ascii: "\r")
                let textEnd = hasReturn ? position - 1 : position
                if textEnd > textStart { current.pieces.append(.text(Array(source[textStart..<textEnd]))) }
                current.ending = hasReturn ? [13, 10] : [10]
                lines.append(current)
                current = TemplateLine()
                line += 1
                position += 1
                textStart = position
            } else {
                position += 1
            }
        }
        addText(from: textStart)
        if !current.pieces.isEmpty { lines.append(current) }
    }

    private mutating func addText(from start: Int) {
        if position > start { current.pieces.append(.text(Array(source[start..<position]))) }
    }

    private func startsTag(at index: Int) -> Bool {
        index + 1 < source.count && source[index] == UInt8(ascii: "{") && source[index + 1] == UInt8(ascii: "{")
    }

    private mutating func scanTag() throws(TemplateError) {
        let startLine = line
        var end = position + 2
        while end + 1 < source.count, source[end] != UInt8(ascii: "}") || source[end + 1] != UInt8(ascii: "}") {
            if source[end] == UInt8(ascii: "\n") { line += 1 }
            end += 1
        }
        guard end + 1 < source.count else { throw defect("a tag is not closed", startLine) }
        let content = source[(position + 2)..<end]
        position = end + 2
        current.pieces.append(.tag(try tag(content, startLine)))
    }

    private func tag(_ content: ArraySlice<UInt8>, _ line: Int) throws(TemplateError) -> TemplateTag {
        let kind: TemplateTag.Kind
        switch content.first {
        case UInt8(ascii: "!"): return TemplateTag(kind: .comment, name: "", line: line)
        case UInt8(ascii: "#"): kind = .section
        case UInt8(ascii: "^"): kind = .inverted
        case UInt8(ascii: "/"): kind = .close
        case UInt8(ascii: ">"): kind = .partial
        case UInt8(ascii: "<"): kind = .parent
        case UInt8(ascii: "$"): kind = .block
        case UInt8(ascii: "{"), UInt8(ascii: "&"):
            throw defect("unescaped tags are refused; give the page a SafeHTML field", line)
        case UInt8(ascii: "="):
            throw defect("delimiters cannot be changed", line)
        default: kind = .variable
        }
        let name = trimmed(kind == .variable ? content : content.dropFirst())
        guard !name.isEmpty, name.allSatisfy({ isNameByte($0, in: kind) }) else {
            throw defect("bad name \"\(String(decoding: name, as: UTF8.self))\" in a tag", line)
        }
        return TemplateTag(kind: kind, name: String(decoding: name, as: UTF8.self), line: line)
    }

    private func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isSpace = { (byte: UInt8) in isTemplateSpace(byte) || byte == 10 || byte == 13 }
        let start = bytes.drop(while: isSpace)
        guard let last = start.lastIndex(where: { !isSpace($0) }) else { return [] }
        return start[...last]
    }

    private func isNameByte(_ byte: UInt8, in kind: TemplateTag.Kind) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        case UInt8(ascii: "/"):
            kind == .partial || kind == .parent || kind == .close
        default:
            false
        }
    }

    private func defect(_ message: String, _ line: Int) -> TemplateError {
        TemplateError(defects: [TemplateDefect(template: template, line: line, message: message)])
    }
}
