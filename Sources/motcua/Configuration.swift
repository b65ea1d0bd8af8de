import FoundationEssentials
import PublicService
import SocketServer

/// One setting: where it may come from and what holds without it.
struct Setting: Sendable {
    let name: String
    let fallback: String
    let isSecret: Bool

    init(_ name: String, _ fallback: String, isSecret: Bool = false) {
        self.name = name
        self.fallback = fallback
        self.isSecret = isSecret
    }

    /// `MOTCUA_TLS_KEY` for `tls-key`.
    var variable: String { "MOTCUA_" + name.uppercased().replacing("-", with: "_") }
}

/// Why the configuration cannot be used: said to the operator.
struct ConfigurationError: Error, CustomStringConvertible {
    let description: String
}

/// What is in force: flag, then environment, then file, then default. An unknown name anywhere is an error.
struct Configuration: Sendable {
    static let settings: [Setting] = [
        Setting("data", "./data"), Setting("public", "127.0.0.1:8080"), Setting("desk", "127.0.0.1:8081"),
        Setting("operations", "127.0.0.1:8082"), Setting("tls-certificate", ""), Setting("tls-key", ""),
        Setting("redirect", ""),
        Setting("store", "sqlite"), Setting("demo", "no"), Setting("bank", "127.0.0.1:8083"),
        Setting("resources", ""), Setting("public-url", ""), Setting("agency", ""), Setting("trusted-proxies", ""),
        Setting("forwarded-by", TrustedProxies.Field.xForwardedFor.rawValue),
        Setting("proxy-protocol", "no"), Setting("drain-seconds", "10"), Setting("limits", ""),
        Setting("take-over", "no"), Setting("vnpay-terminal", ""),
        Setting("vnpay-secret", "", isSecret: true),
        Setting("vnpay-payment-url", ""), Setting("vnpay-api-url", ""),
    ]

    private(set) var values: [String: String] = [:]
    private(set) var origins: [String: String] = [:]

    /// Puts the sources together.
    init(flags: [String: String], environment: [String: String], file: String?) throws {
        let known = Dictionary(uniqueKeysWithValues: Configuration.settings.map { ($0.name, $0) })
        let variables = Set(Configuration.settings.map(\.variable) + ["MOTCUA_CONFIG", "MOTCUA_BANK_SECRET"])
        for name in environment.keys.sorted() where name.hasPrefix("MOTCUA_") && !variables.contains(name) {
            throw ConfigurationError(description: "unknown environment variable \(name)")
        }
        let path = file ?? environment["MOTCUA_CONFIG"]
        let fromFile = try path.map(Configuration.read) ?? [:]
        for name in fromFile.keys.sorted() where known[name] == nil {
            throw ConfigurationError(description: "unknown key \"\(name)\" in \(path ?? "")")
        }
        for setting in Configuration.settings {
            let sources = [
                (flags[setting.name], "flag"), (environment[setting.variable], "environment"),
                (fromFile[setting.name], "file"),
            ]
            let first = sources.first { $0.0 != nil }
            values[setting.name] = first?.0 ?? setting.fallback
            origins[setting.name] = first?.1 ?? "default"
        }
    }

    subscript(name: String) -> String { values[name] ?? "" }

    var isDemo: Bool { isOn("demo") }

    var expectsProxyHeader: Bool { isOn("proxy-protocol") }

    var takesOver: Bool { isOn("take-over") }

    /// The least and the most seconds that running requests may get at a stop.
    static let drainBounds = 0...600

    /// Seconds that running requests get at a stop.
    var drainSeconds: Int { Int(self["drain-seconds"]) ?? 10 }

    private func isOn(_ name: String) -> Bool { ["yes", "true", "1"].contains(self[name].lowercased()) }

    func address(_ name: String) throws -> SocketAddress {
        guard let address = SocketAddress(self[name]) else {
            throw ConfigurationError(description: "\(name): \"\(self[name])\" is not ADDRESS:PORT")
        }
        return address
    }

    /// Where Templates, Public and Catalogue lie: as told, beside the program, or in the working folder.
    func resources() throws -> String {
        let program = CommandLine.arguments.first.map {
            URL(filePath: $0).resolvingSymlinksInPath().deletingLastPathComponent()
        }
        var candidates = self["resources"].isEmpty ? [] : [self["resources"]]
        if candidates.isEmpty {
            candidates.append(".")
            var folder = program
            for _ in 0..<5 {
                if let path = folder?.path { candidates += [path, path + "/share/motcua"] }
                folder = folder?.deletingLastPathComponent()
            }
        }
        guard
            let found = candidates.first(where: {
                FileManager.default.fileExists(atPath: $0 + "/Templates/portal/layout.html")
            })
        else { throw ConfigurationError(description: "no Templates/portal found; say where with --resources DIR") }
        return found
    }

    /// Checks what can be checked without starting; throws the first mistake.
    func check() throws {
        for name in ["public", "desk", "operations", "bank"] { _ = try address(name) }
        guard self["store"] == "sqlite" else {
            throw ConfigurationError(
                description:
                    "store: only sqlite is available in this build, not \"\(Configuration.masked(self["store"]))\"")
        }
        try checkTLS()
        for name in ["demo", "proxy-protocol", "take-over"] {
            guard ["yes", "no", "true", "false", "1", "0"].contains(self[name].lowercased()) else {
                throw ConfigurationError(description: "\(name): yes or no")
            }
        }
        guard !expectsProxyHeader || !proxies.isEmpty else {
            throw ConfigurationError(description: "proxy-protocol needs trusted-proxies: somebody must be believed")
        }
        guard let seconds = Int(self["drain-seconds"]), Configuration.drainBounds.contains(seconds) else {
            throw ConfigurationError(description: "drain-seconds: a number from 0 to 600")
        }
        guard TrustedProxies(proxies) != nil else {
            throw ConfigurationError(description: "trusted-proxies: addresses or networks, separated by commas")
        }
        guard forwardedBy != nil else {
            throw ConfigurationError(description: "forwarded-by: x-forwarded-for or forwarded")
        }
        _ = try limits()
        _ = try agency()
        let url = URLComponents(string: self["public-url"])
        guard self["public-url"].isEmpty || ["http", "https"].contains(url?.scheme) && url?.host?.isEmpty == false,
            !self["public-url"].hasSuffix("/")
        else {
            throw ConfigurationError(description: "public-url: http:// or https://, a host, and no slash at the end")
        }
        let gateway = ["vnpay-terminal", "vnpay-secret", "vnpay-payment-url", "vnpay-api-url"].filter {
            !self[$0].isEmpty
        }
        guard gateway.isEmpty || gateway.count == 4 else {
            throw ConfigurationError(description: "the four vnpay settings belong together")
        }
    }

    var proxies: [String] { list("trusted-proxies") }

    /// The field that they write.
    var forwardedBy: TrustedProxies.Field? { TrustedProxies.Field(rawValue: self["forwarded-by"].lowercased()) }

    /// A setting that holds several texts, separated by commas.
    func list(_ name: String) -> [String] {
        self[name].split(separator: ",").map { $0.trimmed }
    }

    /// What is in force, secrets masked.
    var shown: String {
        Configuration.settings.map { setting in
            let value =
                setting.isSecret && !self[setting.name].isEmpty ? "********" : Configuration.masked(self[setting.name])
            return "\(setting.name) = \(value)  (\(origins[setting.name] ?? ""))"
        }.joined(separator: "\n")
    }

    /// An address without the password that may stand in it (RFC 3986 §3.2.1).
    static func masked(_ value: String) -> String {
        guard let scheme = value.firstRange(of: "://"), let at = value[scheme.upperBound...].lastIndex(of: "@"),
            let colon = value[scheme.upperBound..<at].firstIndex(of: ":")
        else { return value }
        return value[...colon] + "********" + value[at...]
    }

    /// Which agency is served; nil when none is named.
    func agency() throws -> AgencyCode? {
        guard !self["agency"].isEmpty else { return nil }
        guard let code = AgencyCode(rawValue: self["agency"]) else {
            throw ConfigurationError(description: "agency: \"\(self["agency"])\" is not an agency's code")
        }
        return code
    }

    /// Reads the files that are named, and asks what the kernel allows; returns what the operator should know though they can be used.
    func checkFiles() throws -> [String] {
        var warnings = try [keptLimits().warning].compactMap { $0 }
        do throws(TLSError) {
            warnings += try tls()?.warnings ?? []
        } catch {
            throw ConfigurationError(description: error.description)
        }
        return warnings
    }

    private static func read(_ path: String) throws -> [String: String] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError(description: "cannot read \(path)")
        }
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        do {
            return try decoder.decode([String: Scalar].self, from: data).mapValues(\.text)
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
            let key =
                context.codingPath.first.map { "\"\($0.stringValue)\" must be" } ?? "the file must hold an object of"
            throw ConfigurationError(description: "\(path): \(key) a text, a whole number, true or false")
        } catch {
            throw ConfigurationError(description: "\(path) is not JSON5")
        }
    }

    /// A text, a number, yes and no, or a list of texts.
    private struct Scalar: Decodable {
        let text: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                text = flag ? "yes" : "no"
            } else if let number = try? container.decode(Int.self) {
                text = String(number)
            } else if let texts = try? container.decode([String].self) {
                text = texts.joined(separator: ",")
            } else {
                text = try container.decode(String.self)
            }
        }
    }
}
