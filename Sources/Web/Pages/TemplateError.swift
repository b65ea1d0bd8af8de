/// What is wrong with a template and where; found when the program starts, never while a page is shown.
public struct TemplateDefect: Sendable, Hashable, CustomStringConvertible {
    /// The template's name: its path below the template folder without ".html".
    public let template: String
    /// Counted from 1.
    public let line: Int
    /// What is wrong, for the template's author.
    public let message: String

    /// "citizen/home.html:12: unknown name "fee"".
    public var description: String {
        "\(template)\(template.hasSuffix(".txt") ? "" : ".html"):\(line): \(message)"
    }
}

/// Every defect of a set of templates at once.
public struct TemplateError: Error, Sendable, CustomStringConvertible {
    /// At least one.
    public let defects: [TemplateDefect]

    /// One line a defect.
    public var description: String { defects.map(\.description).joined(separator: "\n") }
}
