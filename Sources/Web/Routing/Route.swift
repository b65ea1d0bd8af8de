import HTTPWire

/// What answers a route.
enum RouteHandler: Sendable {
    /// Always at once, on the loop.
    case ready(@Sendable (Exchange) throws -> Response)
    /// With time.
    case waiting(@Sendable (Exchange) async throws -> Response)
    /// With time, after the form was read and its token checked.
    case form(FormRules, @Sendable (Exchange, Form) async throws -> Response)
}

/// One method on one path.
public final class Route: Sendable {
    /// Its place in `Router.routes`: what counters go by.
    public let number: Int
    /// GET also answers HEAD.
    public let method: Method
    /// The path.
    public let pattern: RoutePattern
    /// Who may call it.
    public let access: Access
    /// The most bytes its request may carry.
    public let bodyLimit: Int
    /// Whether it is called by programs, without cookies: no session is loaded and no token asked for.
    public let isForPrograms: Bool
    let handler: RouteHandler

    init(
        number: Int, method: Method, pattern: RoutePattern, access: Access, bodyLimit: Int, isForPrograms: Bool,
        handler: RouteHandler
    ) {
        self.number = number
        self.method = method
        self.pattern = pattern
        self.access = access
        self.bodyLimit = bodyLimit
        self.isForPrograms = isForPrograms
        self.handler = handler
    }

    /// Whether the answer may come without a task.
    var answersAtOnce: Bool {
        switch handler {
        case .ready: true
        case .waiting, .form: false
        }
    }
}
