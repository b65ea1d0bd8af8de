/// Why TLS cannot be offered: said to the operator at start and at a reload, with the file.
public enum TLSError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A file cannot be opened; the system's reason.
    case unreadable(file: String, reason: String)
    /// No certificate chain in PEM, or one that ends in the middle.
    case noCertificate(file: String)
    /// No private key in PEM.
    case noKey(file: String)
    /// The key asks for a passphrase: a server that starts by itself has nobody to type it.
    case protectedKey(file: String)
    /// Every user of the machine may read the key.
    case exposedKey(file: String)
    /// The key belongs to another certificate.
    case mismatch(certificate: String, key: String)
    /// OpenSSL's own reason, e.g. that a key is too small.
    case refused(file: String, reason: String)
    /// Two certificates for the same name with the same kind of key: which one to show is anybody's guess.
    case duplicate(name: String, first: String, second: String)
    /// OpenSSL refuses something that every build has.
    case library

    /// For the operator.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
        case .noCertificate(let file): "no certificate chain (PEM), or a broken one, in \(file)"
        case .noKey(let file): "no private key (PEM) in \(file)"
        case .protectedKey(let file):
            "the private key in \(file) asks for a passphrase; store it without one, mode 0600"
        case .exposedKey(let file): "everybody may read the private key \(file); make it mode 0600"
        case .mismatch(let certificate, let key):
            "the private key in \(key) does not belong to the first certificate in \(certificate)"
        case .refused(let file, let reason): "OpenSSL refuses the certificate in \(file): \(reason)"
        case .duplicate(let name, let first, let second):
            "\(first) and \(second) are both for \(name.isEmpty ? "no name" : name) with the same kind of key"
        case .library: "OpenSSL cannot be set up"
        }
    }
}
