import HTTPWire

/// Finds the routes of a path. Built once; literal segments win over captures, captures over the rest.
struct RouteTree: Sendable {
    private final class Node: Sendable {
        let literals: [String: Node]
        let capture: Node?
        let rest: Endpoint?
        let endpoint: Endpoint?

        init(_ routes: ArraySlice<Route>, depth: Int) {
            var byLiteral: [String: [Route]] = [:]
            var captured: [Route] = []
            var rest: [Route] = []
            var ending: [Route] = []
            for route in routes {
                guard route.pattern.segments.count > depth else {
                    ending.append(route)
                    continue
                }
                switch route.pattern.segments[depth] {
                case .literal(let text): byLiteral[text, default: []].append(route)
                case .capture: captured.append(route)
                case .rest: rest.append(route)
                }
            }
            self.literals = byLiteral.mapValues { Node($0[...], depth: depth + 1) }
            self.capture = captured.isEmpty ? nil : Node(captured[...], depth: depth + 1)
            self.rest = rest.isEmpty ? nil : Endpoint(rest)
            self.endpoint = ending.isEmpty ? nil : Endpoint(ending)
        }
    }

    /// Every method of one path.
    final class Endpoint: Sendable {
        let routes: [Route]
        /// For `Allow`.
        let allow: String

        init(_ routes: [Route]) {
            self.routes = routes
            var methods = routes.map(\.method)
            if methods.contains(.get) { methods.append(.head) }
            if !methods.contains(.options) { methods.append(.options) }
            self.allow = methods.map(\.name).joined(separator: ", ")
        }

        func route(for method: Method) -> Route? {
            let wanted = method == .head ? .get : method
            return routes.first { $0.method == wanted }
        }
    }

    private let root: Node
    /// Paths without captures, found without splitting and without a text: the home page, lists, health checks.
    private let exact: PathTable<Endpoint>

    init(_ routes: [Route]) {
        root = Node(routes[...], depth: 0)
        let plain = routes.filter { $0.pattern.names.isEmpty && $0.pattern.description.utf8.allSatisfy { $0 != 0x25 } }
        exact = PathTable(Dictionary(grouping: plain) { $0.pattern.description }.mapValues { Endpoint($0) })
    }

    /// The endpoint of a path spelled exactly as a literal pattern.
    func find(exactly path: UnsafeRawBufferPointer) -> Endpoint? { exact.find(path) }

    /// The endpoint of decoded segments, with what was captured, in order.
    func find(_ segments: [String]) -> (Endpoint, captured: [String])? {
        var captured: [String] = []
        guard let endpoint = find(segments[...], root, &captured) else { return nil }
        return (endpoint, captured)
    }

    /// Depth is bounded by the segments, and each level tries at most three ways.
    private func find(_ segments: ArraySlice<String>, _ node: Node, _ captured: inout [String]) -> Endpoint? {
        guard let first = segments.first else { return node.endpoint }
        let rest = segments.dropFirst()
        if let next = node.literals[first], let found = find(rest, next, &captured) { return found }
        if !first.isEmpty, let next = node.capture {
            captured.append(first)
            if let found = find(rest, next, &captured) { return found }
            captured.removeLast()
        }
        guard let endpoint = node.rest, segments.last?.isEmpty == false else { return nil }
        captured.append(segments.joined(separator: "/"))
        return endpoint
    }
}
