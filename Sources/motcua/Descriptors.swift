import Glibc
import SocketServer

/// The kernel's limit of open files, sockets among them (RLIMIT_NOFILE, getrlimit(2)).
enum Descriptors {
    /// What is not a connection: the database, papers that are read and written, listening sockets, logs.
    static let forFiles = 256
    /// The program at rest, with something to spare.
    static let least = 128

    /// Asks for as many as this user may have. Returns how many are allowed then.
    static func raise() -> Int {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return least }
        var raised = limit
        raised.rlim_cur = raised.rlim_max
        if limit.rlim_cur < limit.rlim_max, setrlimit(resource, &raised) == 0 { limit = raised }
        return Int(clamping: limit.rlim_cur)
    }
}

extension ServerLimits {
    /// The same with no more connections than `descriptors` leave room for, so that the caps are met before the kernel's
    /// limit: every listener may fill its reserve while all other places are taken.
    func fitting(descriptors: Int, listeners: Int) -> ServerLimits {
        let room = descriptors - min(Descriptors.forFiles, descriptors / 2)
        var fitting = self
        guard connections + listeners * reservedConnections > room else { return fitting }
        fitting.reservedConnections = min(reservedConnections, room / 2 / listeners)
        fitting.connections = min(connections, room - listeners * fitting.reservedConnections)
        return fitting
    }
}

extension Configuration {
    /// The limits that can be kept here, and what the operator should know of them. Raises the kernel's limit; throws when
    /// even then it is too low to serve anybody.
    func keptLimits() throws -> (limits: ServerLimits, warning: String?) {
        let allowed = Descriptors.raise()
        guard allowed >= Descriptors.least else {
            throw ConfigurationError(
                description: "\(allowed) open files are allowed (ulimit -n): at least \(Descriptors.least) are needed")
        }
        let wanted = try limits()
        let kept = wanted.fitting(
            descriptors: allowed, listeners: Program.listeners.count + (self["redirect"].isEmpty ? 0 : 1))
        let less = [
            ("connections", kept.connections, wanted.connections),
            ("in reserve for each listener", kept.reservedConnections, wanted.reservedConnections),
        ].filter { $0.1 < $0.2 }.map { "\($0.1) \($0.0) instead of \($0.2)" }
        guard !less.isEmpty else { return (kept, nil) }
        return (kept, "\(allowed) open files are allowed (ulimit -n): " + less.joined(separator: ", "))
    }
}
