import Testing

@testable import HTTPWire

/// Whom limits count.
@Suite struct PeerTests {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:0db8:0001:0002:0:0:0:1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("2001:db8::1", "2001:db8:0:0::/64"),
        ("::1", "0:0:0:0::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:c000:201", "192.0.2.1"),
        // Not ::ffff:0:0/96.
        ("::fffe:192.0.2.1", "0:0:0:0::/64"),
        ("2001:db8::1%eth0", "2001:db8::1%eth0"),
        ("unknown", "unknown"), (":", ":"), ("", ""),
    ])
    func anAddressIsItsSubscribers(_ address: String, _ subscriber: String) {
        #expect(Peer(address: address, isSecure: false).subscriber == subscriber)
        #expect(Peer.subscriber(of: address) == subscriber)
    }
}
