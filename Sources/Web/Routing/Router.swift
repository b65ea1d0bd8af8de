import HTTPWire

/// Finds the route of a request and leads it through middleware, access, form and handler to its answer.
public final class Router: Responder {
    /// What the router can do, for tests and documents that walk it.
    public let routes: [Route]
    private let tree: RouteTree
    /// The methods of all routes, for `OPTIONS *`.
    private let methods: String
    private let middleware: [any Middleware]
    private let waitingMiddleware: [any WaitingMiddleware]
    private let kept: PageCache?
    /// What a route keeps for a path.
    private struct Kept: Sendable {
        let route: Int
        let answers: any KeptAnswers
    }
    private let keptByPath: PathTable<Kept>
    private let bodies: BodyBudget
    private let errors: ErrorPages
    private let denied: @Sendable (Exchange) -> Response?

    /// `denied` may answer a request that its route does not admit, such as by leading to the sign-in page; otherwise it is
    /// 401 for strangers and 403 for people without the role. Pages that `kept` holds, and static files, are answered before
    /// anything else: they are public, complete and the same for everyone. Forms are counted on `bodies`, which sites may share.
    public init(
        _ routes: Routes, middleware: [any Middleware], kept: PageCache? = nil, bodies: BodyBudget = BodyBudget(),
        errors: ErrorPages,
        denied: @escaping @Sendable (Exchange) -> Response? = { _ in nil }
    ) {
        self.routes = routes.all
        self.tree = RouteTree(routes.all)
        methods = Set(routes.all.map(\.method.name) + ["GET", "HEAD", "OPTIONS"]).sorted().joined(separator: ", ")
        self.middleware = middleware
        waitingMiddleware = middleware.compactMap { $0 as? any WaitingMiddleware }
        self.kept = kept
        let keptByRoutes = routes.all.flatMap { route in
            route.kept.map { ($0.key, Kept(route: route.number, answers: $0.value)) }
        }
        keptByPath = PathTable(Dictionary(uniqueKeysWithValues: keptByRoutes))
        self.bodies = bodies
        self.errors = errors
        self.denied = denied
    }

    /// Answers at once what it can; the rest becomes a task.
    public func answer(_ head: RequestHead, from peer: Peer) -> Answer {
        if let prepared = keptAnswer(head, isSecure: peer.isSecure) { return .prepared(prepared) }
        switch find(head) {
        case .route(let route, let captured, let query):
            head.route = route.number
            return answer(Exchange(head: head, peer: peer, route: route, captured: captured, query: query), route)
        case .answer(let response):
            return .ready(finish(Exchange(head: head, peer: peer, route: nil), response))
        case .status(let status, let allow):
            let exchange = Exchange(head: head, peer: peer, route: nil)
            var response = errors.response(status, exchange)
            if let allow { response.fields.set(.allow, allow) }
            return .ready(finish(exchange, response))
        }
    }

    private func keptAnswer(_ head: RequestHead, isSecure: Bool) -> PreparedResponse? {
        if let page = kept?.answer(to: head, isSecure: isSecure) { return page }
        guard head.isRead, !head.hasQuery, let kept = head.withPathBytes(keptByPath.find),
            let prepared = kept.answers.answer(to: head, isSecure: isSecure)
        else { return nil }
        head.route = kept.route
        return prepared
    }

    // MARK: Finding

    private enum Finding {
        case route(Route, captured: [String], NamedValues)
        case answer(Response)
        case status(Status, allow: String? = nil)
    }

    private func find(_ head: RequestHead) -> Finding {
        if let endpoint = head.withPathBytes(tree.find(exactly:)) { return choose(endpoint, [], head) }
        if head.path == "*" {
            return head.method == .options ? .answer(Router.options(methods)) : .status(.badRequest)
        }
        guard var segments = try? RequestPath.segments(of: head.path) else { return .status(.badRequest) }
        if let (endpoint, captured) = tree.find(segments) { return choose(endpoint, captured, head) }
        guard segments.last == "" else { return .status(.notFound) }
        segments.removeLast()
        guard tree.find(segments) != nil else { return .status(.notFound) }
        let path = "/" + segments.map(PercentEncoding.encode).joined(separator: "/")
        return .answer(.redirect(.permanentRedirect, path + (head.query.map { "?" + $0 } ?? "")))
    }

    private func choose(_ endpoint: RouteTree.Endpoint, _ captured: [String], _ head: RequestHead) -> Finding {
        guard let route = endpoint.route(for: head.method) else {
            if head.method == .options { return .answer(Router.options(endpoint.allow)) }
            return .status(.methodNotAllowed, allow: endpoint.allow)
        }
        guard let text = head.query else { return .route(route, captured: captured, NamedValues()) }
        guard let query = try? NamedValues(decoding: text.utf8) else { return .status(.badRequest) }
        return .route(route, captured: captured, query)
    }

    private static func options(_ allow: String) -> Response {
        var response = Response(.noContent)
        response.fields.append(.allow, allow)
        return response
    }

    // MARK: Answering

    /// The body is not read before `enter` has let the request pass: throttled and foreign requests cost little.
    private func answer(_ exchange: Exchange, _ route: Route) -> Answer {
        var exchange = exchange
        do {
            for index in middleware.indices {
                if let response = try middleware[index].enter(&exchange) { return .ready(finish(exchange, response)) }
            }
            if !exchange.isSafe {
                if !route.isForPrograms { try SameOrigin.check(exchange) }
                if let coded = Router.refusingCodings(exchange, errors) { return .ready(finish(exchange, coded)) }
            }
            switch route.handler {
            case .ready(let handler):
                return .ready(finish(exchange, try handler(exchange)))
            case .waiting, .form:
                break
            }
        } catch {
            return .ready(finish(exchange, errors.response(to: error, exchange)))
        }
        let entered = exchange
        return .later(bodyLimit: route.bodyLimit) { request in
            await self.respond(to: request, entered, route)
        }
    }

    /// 415 for content in a coding: nobody here decodes it, and it must not be kept as if it were plain (RFC 9110 §15.5.16).
    private static func refusingCodings(_ exchange: Exchange, _ errors: ErrorPages) -> Response? {
        guard let codings = exchange.head.fields[.contentEncoding],
            !ListField.tokens(codings).allSatisfy({ $0 == "identity" })
        else { return nil }
        var response = errors.response(.unsupportedMediaType, exchange)
        response.fields.set(.acceptEncoding, "identity")
        return response
    }

    private func respond(to request: Request, _ entered: Exchange, _ route: Route) async -> Response {
        var exchange = entered
        exchange.body = request.body
        exchange.setsCookies = true
        do {
            return finish(exchange, try await handle(&exchange, route))
        } catch {
            return finish(exchange, errors.response(to: error, exchange))
        }
    }

    private func handle(_ exchange: inout Exchange, _ route: Route) async throws -> Response {
        for step in waitingMiddleware {
            if let response = try await step.enterWaiting(&exchange) { return response }
        }
        guard route.access.admits(exchange) else {
            if let response = denied(exchange) { return response }
            throw Refused(exchange.session == nil ? .unauthorized : .forbidden, "access denied")
        }
        if ConditionalRequest.asksInVain(exchange.head) {
            throw Refused(.preconditionFailed, "a tag of a resource that has none")
        }
        switch route.handler {
        case .ready(let handler):
            return try handler(exchange)
        case .waiting(let handler):
            return try await handler(exchange)
        case .form(let rules, let handler):
            let exchange = exchange
            // The handler holds the texts as long as it runs.
            return try await bodies.withShare { share in
                try await handler(exchange, FormReader.read(exchange, rules, share))
            }
        }
    }

    private func finish(_ exchange: Exchange, _ response: consuming Response) -> Response {
        for cookie in exchange.cookies {
            response.fields.append(.setCookie, cookie.fieldValue(isSecure: exchange.peer.isSecure))
        }
        for index in middleware.indices.reversed() { middleware[index].leave(exchange, &response) }
        SelectedRepresentation.select(exchange.head, &response)
        return response
    }
}
