import HTTPWire

/// The list of what the program can do, filled at start and then given to a `Router`. It reads as the map of addresses,
/// and tests walk it.
public struct Routes: Sendable {
    /// Every route in the order declared.
    public private(set) var all: [Route] = []

    /// No routes.
    public init() {}

    /// A page that takes time: it reads the store, or waits for something.
    public mutating func get(
        _ pattern: String, access: Access = .public,
        _ handler: @escaping @Sendable (Exchange) async throws -> Response
    ) {
        add(.get, pattern, access, bodyLimit: 0, .waiting(handler))
    }

    /// A public page answered on the loop from memory; the handler must not block.
    public mutating func getReady(
        _ pattern: String, _ handler: @escaping @Sendable (Exchange) throws -> Response
    ) {
        add(.get, pattern, .public, bodyLimit: 0, .ready(handler))
    }

    /// The same; of the paths that `kept` names, answers in bytes are given before anything else.
    mutating func getReady(
        _ pattern: String, kept: [String: any KeptAnswers],
        _ handler: @escaping @Sendable (Exchange) throws -> Response
    ) {
        add(.get, pattern, .public, bodyLimit: 0, kept: kept, .ready(handler))
    }

    /// A form sent by a browser: read within `rules` and its CSRF token checked before the handler sees it.
    public mutating func post(
        _ pattern: String, access: Access = .public, rules: FormRules = .plain,
        _ handler: @escaping @Sendable (Exchange, Form) async throws -> Response
    ) {
        add(.post, pattern, access, bodyLimit: rules.bodyLimit, .form(rules, handler))
    }

    /// A call by a program: no session is loaded, so there is nothing a foreign site could borrow, and no token asked.
    /// The handler reads `exchange.body` itself.
    public mutating func program(
        _ method: Method, _ pattern: String, access: Access = .public, bodyLimit: Int,
        _ handler: @escaping @Sendable (Exchange) async throws -> Response
    ) {
        add(method, pattern, access, bodyLimit: bodyLimit, isForPrograms: true, .waiting(handler))
    }

    private mutating func add(
        _ method: Method, _ pattern: String, _ access: Access, bodyLimit: Int, isForPrograms: Bool = false,
        kept: [String: any KeptAnswers] = [:], _ handler: RouteHandler
    ) {
        precondition(!isForPrograms || access == .public || access == .partner, "programs have no session: \(pattern)")
        let pattern = RoutePattern(pattern)
        precondition(!all.contains { $0.method == method && $0.pattern == pattern }, "\(method) \(pattern) twice")
        all.append(
            Route(
                number: all.count, method: method, pattern: pattern, access: access, bodyLimit: bodyLimit,
                isForPrograms: isForPrograms, kept: kept, handler: handler))
    }
}
