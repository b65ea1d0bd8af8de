/// A parsed template. White space at the start of lines is kept apart from text, because partials and blocks
/// are indented as a whole (Mustache specification, "Partials" and "Inheritance").
indirect enum TemplateNode: Sendable {
    /// A line that shows something begins; `whitespace` is what stood before its first visible thing.
    case lineStart(whitespace: [UInt8])
    case text([UInt8])
    case variable(path: [String], line: Int)
    case section(path: [String], inverted: Bool, body: [TemplateNode], line: Int)
    /// `indentation` is nil when the tag does not stand alone on its line.
    case partial(name: String, indentation: [UInt8]?, line: Int)
    case parent(name: String, indentation: [UInt8]?, overrides: [TemplateBlock], line: Int)
    case block(TemplateBlock)
}

/// A named, replaceable piece of a template, or what replaces it.
struct TemplateBlock: Sendable {
    var name: String
    /// What every line of the block is indented by where it is expanded.
    var indentation: [UInt8]
    /// Whether the opening tag stands alone on its line, so that the content brings its own line starts.
    var isStandalone: Bool
    /// The content without the indentation of its first line.
    var body: [TemplateNode]
    var line: Int
}

extension [TemplateNode] {
    /// The white space of the first line, when the nodes begin with a whole line.
    var intrinsicIndentation: [UInt8]? {
        switch first {
        case .lineStart(let whitespace): whitespace
        case .partial(_, let indentation, _): indentation
        case .parent(_, let indentation, _, _): indentation
        case .block(let block): block.isStandalone ? block.indentation : nil
        case .section(_, _, let body, _): body.intrinsicIndentation
        case .text, .variable, nil: nil
        }
    }

    /// The same nodes, each line losing up to `count` bytes of leading white space.
    func dedented(by count: Int) -> [TemplateNode] {
        guard count > 0 else { return self }
        return map { node in
            switch node {
            case .lineStart(let whitespace):
                return .lineStart(whitespace: Array<UInt8>(whitespace.dropFirst(count)))
            case .section(let path, let inverted, let body, let line):
                return .section(path: path, inverted: inverted, body: body.dedented(by: count), line: line)
            case .partial(let name, let indentation?, let line):
                return .partial(name: name, indentation: Array<UInt8>(indentation.dropFirst(count)), line: line)
            case .parent(let name, let indentation?, let overrides, let line):
                let indentation = Array<UInt8>(indentation.dropFirst(count))
                return .parent(name: name, indentation: indentation, overrides: overrides, line: line)
            case .block(var block):
                block.indentation = Array<UInt8>(block.indentation.dropFirst(count))
                return .block(block)
            case .text, .variable, .partial, .parent:
                return node
            }
        }
    }
}
