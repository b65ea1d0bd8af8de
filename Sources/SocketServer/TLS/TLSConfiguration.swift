import Synchronization

/// Certificates with their keys, ready for handshakes: TLS 1.2 and 1.3, forward secrecy with AEAD only, ALPN
/// `http/1.1`, SNI, session tickets. Can be read again while connections are open: each keeps what it was opened with,
/// and tickets stay good.
public final class TLSConfiguration: Sendable {
    private let files: [CertificateFiles]
    private let ticketKeys: TicketKeys
    private let inForce: Mutex<CertificateSet>

    /// Reads PEM files. The first certificate is for clients that ask for no name or an unknown one; a name may have one
    /// certificate of each kind of key (ECDSA and RSA). Throws which file is wrong, and why.
    public convenience init(_ files: [CertificateFiles]) throws(TLSError) {
        try self.init(files, ticketKeys: TicketKeys(clock: MonotonicClock.milliseconds))
    }

    init(_ files: [CertificateFiles], ticketKeys: TicketKeys) throws(TLSError) {
        self.files = files
        self.ticketKeys = ticketKeys
        inForce = Mutex(try TLSConfiguration.read(files, ticketKeys))
    }

    /// Reads the files again; new connections get what they hold now. Throws which one is wrong: then the old ones stay.
    public func reload() throws(TLSError) {
        let fresh = try TLSConfiguration.read(files, ticketKeys)
        inForce.withLock { $0 = fresh }
    }

    /// What the operator should know though it can be used: expired certificates, missing issuers.
    public var warnings: [String] { certificates.warnings }

    /// What new connections are opened with.
    var certificates: CertificateSet { inForce.withLock { $0 } }

    private static func read(
        _ files: [CertificateFiles], _ ticketKeys: TicketKeys
    ) throws(TLSError) -> CertificateSet {
        var chains: [CertificateChain] = []
        for pair in files { chains.append(try CertificateChain(pair)) }
        return try CertificateSet(chains, ticketKeys)
    }
}
