import HTTPWire

/// What happens around every handler. A router holds one list of these: `enter` runs in the list's order, `leave` in the
/// opposite one, and `leave` sees every answer, refusals and error pages included.
public protocol Middleware: Sendable {
    /// On the event loop, before anything of the body is read; must not block. A response ends the request here.
    func enter(_ exchange: inout Exchange) throws -> Response?
    /// Completes the answer.
    func leave(_ exchange: Exchange, _ response: inout Response)
}

extension Middleware {
    /// Lets everything pass.
    public func enter(_ exchange: inout Exchange) throws -> Response? { nil }
    /// Changes nothing.
    public func leave(_ exchange: Exchange, _ response: inout Response) {}
}

/// Middleware that takes time: it runs in the same order after every `enter`, before handlers that take time themselves.
public protocol WaitingMiddleware: Middleware {
    /// May wait. A response ends the request here.
    func enterWaiting(_ exchange: inout Exchange) async throws -> Response?
}
