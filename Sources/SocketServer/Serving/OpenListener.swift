import HTTPWire

/// A listener with the server it belongs to: what every connection taken from it shares.
final class OpenListener: Sendable {
    let listener: Listener
    let core: ServerCore
    /// Its place among the server's listeners.
    let number: Int
    let gauges = ListenerGauges()
    /// The responder's.
    let answer: @Sendable (RequestHead, Peer) -> Answer
    /// Whether anybody's word about a client is believed here.
    let trustsProxies: Bool

    init(_ listener: Listener, number: Int, _ core: ServerCore) {
        self.number = number
        self.listener = listener
        self.core = core
        let responder = listener.responder
        answer = { responder.answer($0, from: $1) }
        trustsProxies = !listener.trustedProxies.isEmpty
    }

    /// Whether a client at `address` may have any number of connections.
    func isExempt(_ address: String) -> Bool {
        address.hasPrefix("127.") || address == "::1" || listener.trustedProxies.contains(address)
    }
}
