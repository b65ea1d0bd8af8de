/// The path of a route: literal segments, `{name}` for one captured segment, and at the end `{name...}` for the rest.
public struct RoutePattern: Sendable, Hashable, CustomStringConvertible {
    enum Segment: Sendable, Hashable {
        case literal(String)
        case capture(String)
        case rest(String)
    }

    let segments: [Segment]
    /// Captured names in order.
    let names: [String]
    /// As written.
    public let description: String

    /// Traps on a pattern that is no path: patterns are written in the program.
    init(_ text: String) {
        precondition(text.hasPrefix("/") && (text == "/" || !text.hasSuffix("/")), "bad route pattern \(text)")
        let parts = text == "/" ? [] : text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        let segments = parts.enumerated().map { index, part -> Segment in
            guard part.hasPrefix("{") else {
                precondition(!part.isEmpty && !part.contains("{"), "bad route pattern \(text)")
                return .literal(String(part))
            }
            precondition(part.hasSuffix("}") && part.count > 2, "bad route pattern \(text)")
            let name = String(part.dropFirst().dropLast())
            guard name.hasSuffix("...") else { return .capture(name) }
            precondition(index == parts.count - 1, "the rest can only be captured at the end: \(text)")
            return .rest(String(name.dropLast(3)))
        }
        self.segments = segments
        self.names = segments.compactMap { segment in
            switch segment {
            case .literal: nil
            case .capture(let name), .rest(let name): name
            }
        }
        self.description = text
    }
}
