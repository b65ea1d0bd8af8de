import Logging
import SocketServer

/// What the settings say about TLS.
extension Configuration {
    /// Certificates with their keys, in order.
    var certificates: [CertificateFiles] {
        zip(list("tls-certificate"), list("tls-key")).map { CertificateFiles(chain: $0, key: $1) }
    }

    /// Reads the certificates; nil without any. Throws what the operator must know.
    func tls() throws(TLSError) -> TLSConfiguration? {
        certificates.isEmpty ? nil : try TLSConfiguration(certificates)
    }

    /// Throws the first mistake that shows without reading a file.
    func checkTLS() throws {
        let (certificates, keys) = (list("tls-certificate").count, list("tls-key").count)
        guard certificates == keys else {
            throw ConfigurationError(
                description: "tls-certificate and tls-key belong together: \(certificates) of one, \(keys) of the other"
            )
        }
        guard !self["redirect"].isEmpty else { return }
        _ = try address("redirect")
        guard self["public-url"].isEmpty ? certificates > 0 : self["public-url"].lowercased().hasPrefix("https://")
        else {
            throw ConfigurationError(
                description:
                    "redirect leads to the secure site: it needs tls-certificate, or a public-url with https://")
        }
        try checkRedirect(to: address("public"))
    }

    /// Throws when citizens would be led to an address that means "every address of this machine" (RFC 6890 §2.2.2), to
    /// which no browser can go.
    func checkRedirect(to site: SocketAddress) throws {
        guard !self["redirect"].isEmpty, self["public-url"].isEmpty else { return }
        guard site.isEveryAddress else { return }
        throw ConfigurationError(
            description: "redirect cannot lead to \(site): say with public-url how citizens reach the site")
    }
}

extension TLSConfiguration {
    /// Tells the log what the operator should know though it can be used.
    func logWarnings(_ logger: Logger) {
        for warning in warnings { logger.warning("TLS", metadata: ["warning": "\(warning)"]) }
    }
}

extension Program {
    /// Where plain HTTP is led to the public site; nil unless so configured.
    func redirectAddress(_ inherited: ListeningSockets) throws -> SocketAddress? {
        guard !configuration["redirect"].isEmpty else { return nil }
        return try inherited.address(of: "redirect") ?? configuration.address("redirect")
    }
}
