import HTTPWire
import PublicService
import Store
import Web

/// Three listeners, three route tables: what is not in a table does not exist there.
extension Portal {
    /// The public site and the programs' interface.
    public func publicSite() -> Router {
        var routes = Routes()
        files.mount(on: &routes, headers: headers, copiesOn: store.folder.path)
        addHealth(to: &routes)
        addReading(to: &routes)
        addPublicAccount(to: &routes)
        addDrafts(to: &routes)
        addTracking(to: &routes)
        addSupplement(to: &routes)
        addPayment(to: &routes)
        addPublicSlips(to: &routes)
        addOpenData(to: &routes)
        addPartnerDossiers(to: &routes)
        addPartnerUploads(to: &routes)
        return Router(
            routes, middleware: [headers, Compression(), Partners(store: store)], kept: cache, bodies: bodies,
            errors: errorPages(isDesk: false))
    }

    /// The desk, on its own address.
    public func deskSite() -> Router {
        var routes = Routes()
        files.mount(on: &routes, headers: headers, copiesOn: store.folder.path)
        addHealth(to: &routes)
        routes.getReady("/") { _ in .seeOther("/can-bo") }
        addSignIn(to: &routes)
        addQueue(to: &routes)
        addWorkspace(to: &routes)
        addVerbs(to: &routes)
        addDeskSlips(to: &routes)
        return Router(
            routes, middleware: [headers, Compression(), sessions, RefusalAudit(portal: self)], bodies: bodies,
            errors: errorPages(isDesk: true),
            denied: { exchange in exchange.session == nil && exchange.isSafe ? .seeOther("/can-bo/dang-nhap") : nil })
    }

    /// For who runs the program.
    /// `metrics` makes the text of `/metrics`; it must not block.
    public func operationsSite(metrics: @escaping @Sendable () -> String) -> Router {
        var routes = Routes()
        addHealth(to: &routes)
        routes.getReady("/") { _ in .text("/healthz /readyz /metrics\n") }
        routes.getReady("/metrics") { _ in
            // The version of the exposition format stands in its type.
            .content(Array(metrics().utf8), "text/plain; version=0.0.4; charset=utf-8")
        }
        return Router(routes, middleware: [headers], errors: errorPages(isDesk: false))
    }
}

/// Recognises a partner by its key: `Authorization: Bearer`.
struct Partners: WaitingMiddleware {
    let store: Store

    func enterWaiting(_ exchange: inout Exchange) async throws -> Response? {
        guard exchange.route?.access == .partner, let field = exchange.head.fields[.authorization],
            field.lowercased().hasPrefix("bearer ")
        else { return nil }
        exchange.partner = try await store.partner(key: String(field.dropFirst(7).drop { $0 == " " }))
        return nil
    }
}
