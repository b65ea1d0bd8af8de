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

/// Complete answers to GET and HEAD of one path, the same for everyone, kept in bytes.
protocol KeptAnswers: AnyObject, Sendable {
    /// The one for this request; nil when it must be made.
    func answer(to head: RequestHead, isSecure: Bool) -> PreparedResponse?
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
    /// By path.
    let kept: [String: any KeptAnswers]
    let handler: RouteHandler

    init(
        number: Int, method: Method, pattern: RoutePattern, access: Access, bodyLimit: Int, isForPrograms: Bool,
        kept: [String: any KeptAnswers] = [:], handler: RouteHandler
    ) {
        self.number = number
        self.method = method
        self.pattern = pattern
        self.access = access
        self.bodyLimit = bodyLimit
        self.isForPrograms = isForPrograms
        self.kept = kept
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
