/// Source to nodes: nesting, the standalone-line rule, and what may stand inside a parent.
struct TemplateParser {
    /// A tag that waits for its closing tag.
    private struct Open {
        let tag: TemplateTag
        let indentation: [UInt8]
        let isStandalone: Bool
        var nodes: [TemplateNode] = []
        var overrides: [TemplateBlock] = []
    }

    private let template: String
    private var stack: [Open] = []
    private var root: [TemplateNode] = []

    private init(template: String) {
        self.template = template
    }

    static func parse(_ source: [UInt8], template: String) throws(TemplateError) -> [TemplateNode] {
        var parser = TemplateParser(template: template)
        for line in try TemplateScanner.lines(of: source, template: template) {
            try parser.add(line)
        }
        if let open = parser.stack.last {
            throw parser.defect("\"\(open.tag.name)\" is never closed", open.tag.line)
        }
        return parser.root
    }

    private mutating func add(_ line: TemplateLine) throws(TemplateError) {
        var pieces = line.pieces[...]
        var whitespace: [UInt8] = []
        if case .text(let bytes) = pieces.first {
            whitespace = Array(bytes.prefix(while: isTemplateSpace))
            pieces = pieces.dropFirst()
            if bytes.count > whitespace.count { pieces = [.text(Array(bytes[whitespace.count...]))] + pieces }
        }
        if let tags = line.standaloneTags {
            for tag in tags { try add(tag, indentation: whitespace, isStandalone: true) }
            return
        }
        try append(.lineStart(whitespace: whitespace))
        var isFirst = true
        for piece in pieces {
            switch piece {
            case .text(let bytes): try append(.text(bytes))
            case .tag(let tag): try add(tag, indentation: isFirst ? whitespace : [], isStandalone: false)
            }
            isFirst = false
        }
        if !line.ending.isEmpty { try append(.text(line.ending)) }
    }

    private mutating func add(
        _ tag: TemplateTag, indentation: [UInt8], isStandalone: Bool
    ) throws(TemplateError) {
        switch tag.kind {
        case .comment:
            break
        case .variable:
            try append(.variable(path: path(tag.name), line: tag.line))
        case .partial:
            let own = isStandalone ? indentation : nil
            try append(.partial(name: tag.name, indentation: own, line: tag.line))
        case .section, .inverted, .parent, .block:
            if tag.kind != .block, isDirectlyInParent {
                throw defect("only blocks may stand inside a parent", tag.line)
            }
            stack.append(Open(tag: tag, indentation: indentation, isStandalone: isStandalone))
        case .close:
            try close(tag)
        }
    }

    private mutating func close(_ tag: TemplateTag) throws(TemplateError) {
        guard let open = stack.popLast() else {
            throw defect("\"\(tag.name)\" is closed but was never opened", tag.line)
        }
        guard open.tag.name == tag.name else {
            throw defect("\"\(open.tag.name)\" of line \(open.tag.line) is closed as \"\(tag.name)\"", tag.line)
        }
        switch open.tag.kind {
        case .block:
            let block = block(open)
            if isDirectlyInParent {
                stack[stack.count - 1].overrides.append(block)
            } else {
                try append(.block(block))
            }
        case .parent:
            let own = open.isStandalone ? open.indentation : nil
            try append(
                .parent(name: tag.name, indentation: own, overrides: open.overrides, line: open.tag.line))
        default:
            try append(
                .section(
                    path: path(tag.name), inverted: open.tag.kind == .inverted, body: open.nodes, line: open.tag.line))
        }
    }

    /// The block's lines lose the indentation of its first line here and get the expansion's there.
    private func block(_ open: Open) -> TemplateBlock {
        let intrinsic = open.nodes.intrinsicIndentation
        let indentation = open.isStandalone ? intrinsic ?? open.indentation : open.indentation
        return TemplateBlock(
            name: open.tag.name, indentation: indentation, isStandalone: open.isStandalone,
            body: open.nodes.dedented(by: intrinsic?.count ?? 0), line: open.tag.line)
    }

    private var isDirectlyInParent: Bool { stack.last?.tag.kind == .parent }

    private mutating func append(_ node: TemplateNode) throws(TemplateError) {
        guard let last = stack.last else {
            root.append(node)
            return
        }
        guard last.tag.kind == .parent else {
            stack[stack.count - 1].nodes.append(node)
            return
        }
        // White space between overrides means nothing; anything else there would silently never be shown.
        switch node {
        case .lineStart:
            break
        case .text(let bytes) where bytes.allSatisfy({ isTemplateSpace($0) || $0 == 10 || $0 == 13 }):
            break
        default:
            throw defect("only blocks may stand inside the parent \"\(last.tag.name)\"", last.tag.line)
        }
    }

    private func path(_ name: String) -> [String] {
        name == "." ? ["."] : name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    }

    private func defect(_ message: String, _ line: Int) -> TemplateError {
        TemplateError(defects: [TemplateDefect(template: template, line: line, message: message)])
    }
}
