import ArgumentParser
import FoundationEssentials

/// The options that every command understands.
struct CommonOptions: ParsableArguments {
    @Option(help: "A JSON5 file with the same names as these options.")
    var config: String?

    @Option(help: "The data folder (default ./data).")
    var data: String?

    @Option(help: "Where Templates, Public and Catalogue lie.")
    var resources: String?

    func configuration(_ more: [String: String?] = [:]) throws -> Configuration {
        var flags: [String: String] = [:]
        for (name, value) in more.merging(["data": data, "resources": resources], uniquingKeysWith: { $1 }) {
            if let value { flags[name] = value }
        }
        let configuration = try Configuration(
            flags: flags, environment: ProcessInfo.processInfo.environment, file: config)
        try configuration.check()
        return configuration
    }
}

/// The options of the server.
struct ServeOptions: ParsableArguments {
    @OptionGroup var common: CommonOptions

    @Option(name: .customLong("public"), help: "The public site's ADDRESS:PORT (default 127.0.0.1:8080).")
    var publicAddress: String?
    @Option(help: "The desk's ADDRESS:PORT (default 127.0.0.1:8081).")
    var desk: String?
    @Option(help: "The operators' ADDRESS:PORT (default 127.0.0.1:8082).")
    var operations: String?
    @Option(help: "Certificate chain (PEM) for the public site and the desk; may be repeated, each with its key.")
    var tlsCertificate: [String] = []
    @Option(help: "Its private key (PEM, mode 0600).")
    var tlsKey: [String] = []
    @Option(help: "ADDRESS:PORT where plain HTTP is led to the public site's https address.")
    var redirect: String?
    @Option(help: "Where everything is remembered: sqlite (the only one in this build).")
    var store: String?
    @Flag(help: "Fill an empty data folder with a commune, its officers and a simulated bank.")
    var demo = false
    @Option(help: "The simulated bank's ADDRESS:PORT (default 127.0.0.1:8083).")
    var bank: String?
    @Option(help: "The public site's address as citizens reach it.")
    var publicURL: String?
    @Option(help: "The agency's code in agencies.json5 (default: its first).")
    var agency: String?
    @Option(help: "Addresses or networks whose forwarding fields are believed, separated by commas.")
    var trustedProxies: String?
    @Option(help: "The one field in which they name the client: x-forwarded-for (default) or forwarded.")
    var forwardedBy: String?
    @Flag(help: "Connections to the public site begin with a PROXY header (version 1 or 2) from a trusted proxy.")
    var proxyProtocol = false
    @Option(help: "The payment gateway's terminal code; its secret comes from the environment or the file alone.")
    var vnpayTerminal: String?
    @Option(help: "The gateway's payment page.")
    var vnpayPaymentURL: String?
    @Option(name: .customLong("vnpay-api-url"), help: "The gateway's address for queries.")
    var vnpayAPIURL: String?
    @Option(help: "Seconds that running requests get at a stop (default 10).")
    var drainSeconds: String?

    @Option(help: "What a connection may cost: NAME=NUMBER, separated by commas (Docs/server.md).")
    var limits: String?

    @Flag(help: "Go on where the program that serves this data folder now stops: no connection is refused.")
    var takeOver = false

    func configuration() throws -> Configuration {
        try common.configuration([
            "public": publicAddress, "desk": desk, "operations": operations,
            "tls-certificate": joined(tlsCertificate), "tls-key": joined(tlsKey), "redirect": redirect,
            "store": store, "demo": demo ? "yes" : nil, "bank": bank, "public-url": publicURL, "agency": agency,
            "trusted-proxies": trustedProxies, "forwarded-by": forwardedBy, "drain-seconds": drainSeconds,
            "limits": limits,
            "proxy-protocol": proxyProtocol ? "yes" : nil, "take-over": takeOver ? "yes" : nil,
            "vnpay-terminal": vnpayTerminal,
            "vnpay-payment-url": vnpayPaymentURL, "vnpay-api-url": vnpayAPIURL,
        ])
    }

    private func joined(_ texts: [String]) -> String? { texts.isEmpty ? nil : texts.joined(separator: ",") }
}
