import Glibc

/// Listening sockets that were opened before this server: by the system's service manager, or by the server that ran here
/// until now. Their queues of new connections go on without a gap.
public struct ListeningSockets: Sendable {
    /// Descriptors by the name of their listener.
    public private(set) var byListener: [String: [Int32]]

    /// Takes ownership of the descriptors.
    public init(_ byListener: [String: [Int32]]) {
        self.byListener = byListener
    }

    /// Why sockets that were handed in cannot be used.
    public enum Defect: Error, Sendable, Hashable, CustomStringConvertible {
        /// A variable is not as sd_listen_fds(3) says.
        case malformed(String)
        /// A descriptor is no listening stream socket.
        case notListening(Int32)

        /// For the operator.
        public var description: String {
            switch self {
            case .malformed(let what): "\(what) is not as sd_listen_fds(3) says"
            case .notListening(let descriptor): "descriptor \(descriptor) that was handed in is not a listening socket"
            }
        }
    }

    /// The sockets that a service manager handed in (sd_listen_fds(3): LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES); nil when
    /// they are not for this process. Without names, or with names that are no listener's, they are given out in the order
    /// of `listeners`.
    public static func activated(
        _ environment: [String: String], listeners: [String]
    ) throws(Defect) -> ListeningSockets? {
        guard let process = environment["LISTEN_PID"], process == String(getpid()) else { return nil }
        guard let count = environment["LISTEN_FDS"].flatMap({ Int($0) }), (1...64).contains(count) else {
            throw .malformed("LISTEN_FDS")
        }
        let names = (environment["LISTEN_FDNAMES"] ?? "").split(separator: ":", omittingEmptySubsequences: false)
        var found: [String: [Int32]] = [:]
        for index in 0..<count {
            let descriptor = Int32(3 + index)
            guard Sockets.isListening(descriptor) else { throw .notListening(descriptor) }
            Sockets.prepareInherited(descriptor)
            let name = index < names.count && listeners.contains(String(names[index])) ? String(names[index]) : nil
            guard let listener = name ?? (index < listeners.count ? listeners[index] : nil) else { continue }
            found[listener, default: []].append(descriptor)
        }
        return ListeningSockets(found)
    }

    /// Where a listener's sockets listen; nil when there are none for it.
    public func address(of listener: String) -> SocketAddress? {
        byListener[listener]?.first.flatMap(Sockets.localAddress)
    }

    /// One descriptor or more for each of `count` loops; a socket that several loops share is duplicated.
    mutating func deal(listener: String, among count: Int) -> [[Int32]]? {
        guard let descriptors = byListener.removeValue(forKey: listener), !descriptors.isEmpty else { return nil }
        var dealt = [[Int32]](repeating: [], count: count)
        for (index, descriptor) in descriptors.enumerated() { dealt[index % count].append(descriptor) }
        for index in descriptors.count..<max(descriptors.count, count) {
            let copy = Sockets.duplicate(descriptors[index % descriptors.count])
            if copy >= 0 { dealt[index].append(copy) }
        }
        return dealt
    }

    /// Closes what no listener took.
    func closeRest() {
        for descriptor in byListener.values.joined() { close(descriptor) }
    }
}
