import Platform

/// The templates of the program, parsed; `compile` binds them to the pages.
public struct TemplateLibrary: Sendable {
    private let templates: [String: [TemplateNode]]

    /// Parses templates given by name. Throws every defect found.
    public init(_ sources: [String: String]) throws(TemplateError) {
        try self.init(bytes: sources.mapValues { Array($0.utf8) })
    }

    /// Reads every `.html` and `.txt` file below `directory`; "citizen/home.html" is named "citizen/home",
    /// "mail/receipt.txt" keeps its ending.
    /// Throws `FolderError` when a file cannot be read, `TemplateError` for what is wrong in them. Blocks.
    public static func load(_ directory: String) throws -> TemplateLibrary {
        var sources: [String: [UInt8]] = [:]
        for path in try Folder.files(below: directory) where path.hasSuffix(".html") || path.hasSuffix(".txt") {
            let name = path.hasSuffix(".txt") ? path : String(path.dropLast(5))
            sources[name] = try Folder.read(directory + "/" + path, upTo: 1 << 20)
        }
        return try TemplateLibrary(bytes: sources)
    }

    private init(bytes sources: [String: [UInt8]]) throws(TemplateError) {
        var templates: [String: [TemplateNode]] = [:]
        var defects: [TemplateDefect] = []
        for (name, source) in sources.sorted(by: { $0.key < $1.key }) {
            do {
                if String(validating: source, as: UTF8.self) == nil {
                    defects.append(TemplateDefect(template: name, line: 1, message: "not UTF-8"))
                }
                templates[name] = try TemplateParser.parse(source, template: name)
            } catch {
                defects += error.defects
            }
        }
        guard defects.isEmpty else { throw TemplateError(defects: defects) }
        self.templates = templates
    }

    /// Binds the pages' templates. Throws for every unknown name, partial, parent or block, for a name declared twice,
    /// and for a template that no page reaches.
    public func compile(_ pages: [any Page.Type]) throws(TemplateError) -> TemplateSet {
        var programs: [ObjectIdentifier: TemplateProgram] = [:]
        var used: Set<String> = []
        var defects: [TemplateDefect] = []
        for page in pages {
            let (program, unit) = bind(page)
            programs[ObjectIdentifier(page)] = program
            used.formUnion(unit.usedTemplates)
            defects += unit.defects.filter { !defects.contains($0) }
        }
        for name in templates.keys.sorted() where !used.contains(name) {
            defects.append(TemplateDefect(template: name, line: 1, message: "no page uses this template"))
        }
        guard defects.isEmpty else { throw TemplateError(defects: defects) }
        return TemplateSet(programs: programs)
    }

    private func bind<P: Page>(_ page: P.Type) -> (
        TemplateProgram, (usedTemplates: Set<String>, defects: [TemplateDefect])
    ) {
        let table = P.fields.table
        var compiler = TemplateCompiler(templates: templates)
        let program = compiler.compile(P.template, table)
        var defects = compiler.defects
        for name in table.repeatedNames {
            defects.append(
                TemplateDefect(template: P.template, line: 1, message: "\(P.self) declares \"\(name)\" twice"))
        }
        return (program, (compiler.usedTemplates, defects))
    }
}

/// Every page's program; made once at start.
public struct TemplateSet: Sendable {
    private let programs: [ObjectIdentifier: TemplateProgram]

    init(programs: [ObjectIdentifier: TemplateProgram]) {
        self.programs = programs
    }

    /// The page as UTF-8 bytes. The page's type must have been given to `compile`: forgetting it is a programming
    /// mistake and traps.
    public func render<P: Page>(_ page: P) -> [UInt8] {
        guard let program = programs[ObjectIdentifier(P.self)] else {
            preconditionFailure("the page \(P.self) was not compiled")
        }
        return program.render(page)
    }

    /// Whether `page` can be rendered.
    public func contains(_ page: any Page.Type) -> Bool {
        programs[ObjectIdentifier(page)] != nil
    }
}
