import Synchronization

/// Counts about the connections of one listener. Written by the loops, read by a scrape.
final class ListenerGauges: Sendable {
    let accepted = Atomic<UInt64>(0)
    let open = Atomic<Int>(0)
    /// Turned away because the server, or their address, had too many.
    let rejectedByServer = Atomic<UInt64>(0)
    let rejectedByAddress = Atomic<UInt64>(0)
    let fullHandshakes = Atomic<UInt64>(0)
    let resumedHandshakes = Atomic<UInt64>(0)
    /// Begun, and not brought to an end.
    let failedHandshakes = Atomic<UInt64>(0)
    /// Connections to a TLS listener that ended without a byte.
    let abandonedHandshakes = Atomic<UInt64>(0)
    private let endings = Mutex<[ConnectionState.Ending: UInt64]>([:])

    func ended(_ ending: ConnectionState.Ending) { endings.withLock { $0[ending, default: 0] += 1 } }

    func count(of ending: ConnectionState.Ending) -> UInt64 { endings.withLock { $0[ending] ?? 0 } }
}

extension Server {
    /// Adds what is known of connections and loops to `text`.
    public func write(to text: inout MetricsText) {
        let gauges = opened
        func family(
            _ name: String, _ kind: MetricsText.Kind, _ help: String, _ label: String,
            _ values: [(String, (ListenerGauges) -> Double)]
        ) {
            text.family(name, kind, help)
            for origin in gauges {
                for (value, read) in values {
                    let labels = [("listener", origin.listener.name)] + (label.isEmpty ? [] : [(label, value)])
                    text.sample(name, labels, read(origin.gauges))
                }
            }
        }
        family(
            "connections_open", .gauge, "Connections open now.", "",
            [
                ("", { Double($0.open.load(ordering: .relaxed)) })
            ])
        family(
            "connections_accepted_total", .counter, "Connections taken.", "",
            [
                ("", { Double($0.accepted.load(ordering: .relaxed)) })
            ])
        family(
            "connections_rejected_total", .counter, "Connections turned away, by the limit.", "limit",
            [
                ("server", { Double($0.rejectedByServer.load(ordering: .relaxed)) }),
                ("address", { Double($0.rejectedByAddress.load(ordering: .relaxed)) }),
            ])
        family(
            "connections_ended_total", .counter, "Connections closed without an answer, by the reason.", "reason",
            ConnectionState.Ending.allCases.map { ending in (ending.rawValue, { Double($0.count(of: ending)) }) })
        family(
            "tls_handshakes_total", .counter, "TLS handshakes, by how they ended.", "kind",
            [
                ("full", { Double($0.fullHandshakes.load(ordering: .relaxed)) }),
                ("resumed", { Double($0.resumedHandshakes.load(ordering: .relaxed)) }),
                ("failed", { Double($0.failedHandshakes.load(ordering: .relaxed)) }),
                ("abandoned", { Double($0.abandonedHandshakes.load(ordering: .relaxed)) }),
            ])
        text.family("loop_turn_seconds", .histogram, "How long an event loop's turns take: the lag of whoever waits.")
        for (number, gauges) in loopGauges.enumerated() {
            text.histogram(
                "loop_turn_seconds", [("loop", String(number))], bounds: LoopGauges.bounds, counts: gauges.counts,
                microseconds: gauges.microseconds)
        }
    }
}
