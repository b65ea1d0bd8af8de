import Portal
import SocketServer
import Store
import Web

/// Three listeners with their sites, perhaps a fourth that leads to the first, the log and the counts.
extension Program {
    static let listeners = ["public", "desk", "operations"]

    func makeServer(
        _ portal: Portal, _ store: Store, _ addresses: [SocketAddress], _ tls: TLSConfiguration?,
        _ limits: ServerLimits, redirect: (address: SocketAddress, site: String)?
    ) throws -> (server: Server, log: AccessLog) {
        // Who has a draft's or an upload's address has the draft or the upload; a dossier's code beside an address says whose
        // dossier somebody looked at, which is the trail's to keep.
        let log = AccessLog(
            path: configuration["data"] + "/access.jsonl",
            secretPrefixes: ["/nop/", "/api/v1/uploads/", "/ho-so/", "/can-bo/ho-so/", "/api/v1/dossiers/"])
        if !log.isOpen { logger.error("the access log cannot be opened: nothing will be logged") }
        let metrics = ProgramMetrics()
        let proxies =
            TrustedProxies(configuration.proxies, writing: configuration.forwardedBy ?? .xForwardedFor) ?? .none
        let sites = [portal.publicSite(), portal.deskSite(), portal.operationsSite { metrics.text() }]
        let exchanges = ServerMetrics(
            zip(Program.listeners, sites).map { ServerMetrics.Listener(name: $0, routes: $1.countedRoutes) }
                + (redirect == nil ? [] : [ServerMetrics.Listener(name: "redirect", routes: [])]))
        let plain = redirect.map {
            Listener(
                name: "redirect", address: $0.address, trustedProxies: proxies, alwaysAnswered: Portal.healthPaths,
                responder: SecureRedirect(to: $0.site, health: sites[0]))
        }
        let server = try Server(
            listeners: [
                Listener(
                    name: "public", address: addresses[0], tls: tls, trustedProxies: proxies,
                    expectsProxyHeader: configuration.expectsProxyHeader, alwaysAnswered: Portal.healthPaths,
                    responder: sites[0]),
                Listener(
                    name: "desk", address: addresses[1], tls: tls, trustedProxies: proxies,
                    alwaysAnswered: Portal.healthPaths, responder: sites[1]),
                Listener(
                    name: "operations", address: addresses[2], alwaysAnswered: Portal.healthPaths.union(["/metrics"]),
                    responder: sites[2]),
            ] + (plain.map { [$0] } ?? []), limits: limits, logger: logger,
            observer: Observers(log: log, metrics: exchanges), errorPage: portal.serverErrorPage)
        metrics.set(store: store, portal: portal, exchanges: exchanges, server: server)
        return (server, log)
    }
}
