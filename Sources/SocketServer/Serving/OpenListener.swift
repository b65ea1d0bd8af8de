/// A listener with the server it belongs to: what every connection taken from it shares.
final class OpenListener: Sendable {
    let listener: Listener
    let core: ServerCore
    /// Whether anybody's word about a client is believed here.
    let trustsProxies: Bool

    init(_ listener: Listener, _ core: ServerCore) {
        self.listener = listener
        self.core = core
        trustsProxies = listener.trustedProxies != .none
    }
}
