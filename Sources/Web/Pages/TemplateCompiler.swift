/// Binds a parsed template to a page's fields: every name is resolved, every partial and parent expanded, every literal
/// put in place. Whatever cannot be resolved is a defect.
struct TemplateCompiler {
    /// Names and the frame their value stands in.
    private struct Scope {
        let frame: Int
        let table: FieldTable
    }

    /// What replaces a block, and the replacements that were in force where it was written.
    private final class Override {
        let block: TemplateBlock
        let template: String
        let environment: [String: Override]

        init(_ block: TemplateBlock, _ template: String, _ environment: [String: Override]) {
            self.block = block
            self.template = template
            self.environment = environment
        }
    }

    /// Where the nodes being compiled come from and go to.
    private struct Place {
        var template: String
        var indentation: [UInt8] = []
        var overrides: [String: Override] = [:]
        var scopes: [Scope]
        var depth = 0
    }

    /// Partials inside partials; deeper than any sensible layout, so it can only be a circle.
    private static let depthLimit = 24

    private let templates: [String: [TemplateNode]]
    private var steps: [TemplateProgram.Step] = []
    private var literals: [UInt8] = []
    private var literalStart = 0
    private var context = MarkupContext()
    /// Whether the template is a plain text: no escaping, no markup to follow.
    private var isPlain = false
    private var frameCount = 1
    private var skipsNextIndentation = false
    private var metBlocks: Set<String> = []
    /// Set at the first circle: two partials in a circle would otherwise be expanded millions of times.
    private var isCircular = false
    private(set) var defects: [TemplateDefect] = []
    private(set) var usedTemplates: Set<String> = []

    init(templates: [String: [TemplateNode]]) {
        self.templates = templates
    }

    /// The program of `template` for values described by `table`; check `defects` before using it.
    mutating func compile(_ template: String, _ table: FieldTable) -> TemplateProgram {
        isPlain = template.hasSuffix(".txt")
        let place = Place(template: template, scopes: [Scope(frame: 0, table: table)])
        if let nodes = templates[template] {
            usedTemplates.insert(template)
            emit(nodes, place)
        } else {
            report("there is no such template", 1, place)
        }
        flush()
        return TemplateProgram(steps: steps, literals: literals, frameCount: frameCount)
    }

    private mutating func emit(_ nodes: [TemplateNode], _ place: Place) {
        for node in nodes where !isCircular {
            switch node {
            case .lineStart(let whitespace):
                if !skipsNextIndentation { literals += place.indentation }
                literals += whitespace
                skipsNextIndentation = false
            case .text(let bytes):
                literals += bytes
                skipsNextIndentation = false
            case .variable(let path, let line):
                emitVariable(path, line, place)
            case .section(let path, let inverted, let body, let line):
                emitSection(path, inverted, body, line, place)
            case .partial(let name, let indentation, let line):
                var inner = place
                inner.indentation += indentation ?? []
                emitTemplate(name, isStandalone: indentation != nil, line, place, inner)
            case .parent(let name, let indentation, let overrides, let line):
                emitParent(name, indentation, overrides, line, place)
            case .block(let block):
                emitBlock(block, place)
            }
        }
    }

    private mutating func emitVariable(_ path: [String], _ line: Int, _ place: Place) {
        skipsNextIndentation = false
        guard let (frame, field) = resolve(path, line, place) else { return }
        guard let write = isPlain ? field.writePlain : field.write else {
            return report("\"\(path.joined(separator: "."))\" cannot be shown here", line, place)
        }
        flush()
        if !isPlain, let refusal = context.refusal {
            report("\"\(path.joined(separator: "."))\" stands \(refusal)", line, place)
        } else if !isPlain, field.isMarkup, !context.takesMarkup {
            report("the markup \"\(path.joined(separator: "."))\" stands inside an attribute", line, place)
        }
        steps.append(.write(frame: frame, write))
    }

    private mutating func emitSection(
        _ path: [String], _ inverted: Bool, _ body: [TemplateNode], _ line: Int, _ place: Place
    ) {
        guard let (frame, field) = resolve(path, line, place) else { return }
        flush()
        let contextBefore = context
        defer {
            // What follows must stand in the same place whether the section is shown or not.
            if !isPlain, !context.agrees(with: contextBefore) {
                report("the section \"\(path.joined(separator: "."))\" ends in another part of a tag", line, place)
                context = contextBefore
            }
        }
        let start = steps.count
        guard let enter = field.enter, let children = field.children, !inverted else {
            steps.append(.test(frame: frame, field.isTrue, wanted: !inverted, end: 0))
            var inner = place
            if !inverted, field.write != nil {
                var itself = FieldTable()
                itself.add(".", field)
                inner.scopes.append(Scope(frame: frame, table: itself))
            }
            emit(body, inner)
            flush()
            steps[start] = .test(frame: frame, field.isTrue, wanted: !inverted, end: steps.count)
            return
        }
        let target = (place.scopes.map(\.frame).max() ?? 0) + 1
        frameCount = max(frameCount, target + 1)
        steps.append(.visit(frame: frame, enter, target: target, end: 0))
        var inner = place
        inner.scopes.append(Scope(frame: target, table: children))
        emit(body, inner)
        flush()
        steps[start] = .visit(frame: frame, enter, target: target, end: steps.count)
    }

    private mutating func emitTemplate(
        _ name: String, isStandalone: Bool, _ line: Int, _ place: Place, _ inner: Place
    ) {
        guard let nodes = templates[name] else {
            return report("there is no template \"\(name)\"", line, place)
        }
        guard place.depth < Self.depthLimit else {
            isCircular = true
            return report("\"\(name)\" contains itself", line, place)
        }
        guard name.hasSuffix(".txt") == isPlain else {
            return report("markup and plain text do not mix", line, place)
        }
        usedTemplates.insert(name)
        var inner = inner
        inner.template = name
        inner.depth += 1
        skipsNextIndentation = !isStandalone
        emit(nodes, inner)
        skipsNextIndentation = false
    }

    private mutating func emitParent(
        _ name: String, _ indentation: [UInt8]?, _ overrides: [TemplateBlock], _ line: Int, _ place: Place
    ) {
        var inner = place
        inner.indentation += indentation ?? []
        for block in overrides where place.overrides[block.name] == nil {
            inner.overrides[block.name] = Override(block, place.template, place.overrides)
        }
        let metOutside = metBlocks
        metBlocks = []
        emitTemplate(name, isStandalone: indentation != nil, line, place, inner)
        for block in overrides where !metBlocks.contains(block.name) && templates[name] != nil {
            report("the parent \"\(name)\" has no block \"\(block.name)\"", block.line, place)
        }
        metBlocks.formUnion(metOutside)
    }

    private mutating func emitBlock(_ block: TemplateBlock, _ place: Place) {
        metBlocks.insert(block.name)
        var inner = place
        inner.indentation += block.indentation
        inner.depth += 1
        guard place.depth < Self.depthLimit else {
            isCircular = true
            return report("the block \"\(block.name)\" contains itself", block.line, place)
        }
        var body = block.body
        if let override = place.overrides[block.name] {
            body = override.block.body
            inner.template = override.template
            inner.overrides = override.environment
        }
        if block.isStandalone, !body.isEmpty, !body.beginsWithLine {
            literals += inner.indentation
        }
        skipsNextIndentation = !block.isStandalone
        emit(body, inner)
        skipsNextIndentation = false
    }

    /// The first part of the path counts from the innermost section outwards, the rest inside what it names.
    private mutating func resolve(
        _ path: [String], _ line: Int, _ place: Place
    ) -> (frame: Int, field: ErasedField)? {
        let scopes = path == ["."] ? place.scopes.suffix(1) : place.scopes[...]
        for scope in scopes.reversed() {
            guard var field = scope.table[path[0]] else { continue }
            for name in path.dropFirst() {
                guard let enter = field.enter, !field.isList, let inner = field.children?[name] else {
                    report("unknown name \"\(path.joined(separator: "."))\"", line, place)
                    return nil
                }
                field = inner.reached(through: enter)
            }
            return (scope.frame, field)
        }
        report("unknown name \"\(path.joined(separator: "."))\"", line, place)
        return nil
    }

    private mutating func flush() {
        if literals.count > literalStart {
            steps.append(.literal(literalStart..<literals.count))
            context.feed(literals[literalStart...])
        }
        literalStart = literals.count
    }

    private mutating func report(_ message: String, _ line: Int, _ place: Place) {
        let defect = TemplateDefect(template: place.template, line: line, message: message)
        if !defects.contains(defect) { defects.append(defect) }
    }
}

extension [TemplateNode] {
    fileprivate var beginsWithLine: Bool { intrinsicIndentation != nil }
}
