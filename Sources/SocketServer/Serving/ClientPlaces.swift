import Synchronization

/// Requests in progress of each client that a trusted proxy speaks for. All of a proxy's connections are one address to the
/// kernel: without this a single client could have every handler.
final class ClientPlaces: Sendable {
    private let taken = Mutex<[String: Int]>([:])

    /// Held by a request as long as it is in progress; gives the place back when the last holder lets go.
    final class Place: Sendable {
        private let places: ClientPlaces
        private let subscriber: String

        fileprivate init(_ places: ClientPlaces, _ subscriber: String) {
            self.places = places
            self.subscriber = subscriber
        }

        deinit { places.giveBack(subscriber) }
    }

    /// nil when `subscriber` (`Peer.subscriber`) has `limit` already.
    func take(_ subscriber: String, limit: Int) -> Place? {
        let isFree = taken.withLock { taken in
            guard taken[subscriber, default: 0] < limit else { return false }
            taken[subscriber, default: 0] += 1
            return true
        }
        return isFree ? Place(self, subscriber) : nil
    }

    private func giveBack(_ subscriber: String) {
        taken.withLock { taken in
            guard let count = taken[subscriber] else { return }
            taken[subscriber] = count > 1 ? count - 1 : nil
        }
    }

    /// Clients with a request in progress.
    var count: Int { taken.withLock { $0.count } }
}
