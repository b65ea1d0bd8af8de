import HTTPWire

/// Limits the requests of one address, before anything of them is read.
public struct AddressThrottle: Middleware {
    private let throttle: Throttle

    /// Counts each request once.
    public init(_ throttle: Throttle) {
        self.throttle = throttle
    }

    /// Throws 429.
    public func enter(_ exchange: inout Exchange) throws -> Response? {
        try throttle.require(exchange.peer.subscriber)
        return nil
    }
}
