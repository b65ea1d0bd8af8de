import HTTPWire
import Logging
import Platform
import PublicService
import Store
import Web

/// The one place where errors become pages, or JSON for programs.
extension Portal {
    static let saidStatuses = [400, 401, 403, 404, 405, 408, 409, 410, 412, 413, 414, 415, 422, 429, 500, 503]

    func errorPages(isDesk: Bool) -> ErrorPages {
        ErrorPages(
            render: { [self] exchange, page in
                if exchange.head.path.hasPrefix("/api/") { return apiError(page, exchange) }
                return isDesk ? deskError(page, exchange) : publicError(page)
            },
            classify: Portal.classify,
            log: { [logger] incident in
                logger.error(
                    "incident",
                    metadata: [
                        "code": "\(incident.code)", "error": "\(incident.error)", "method": "\(incident.method)",
                        "route": "\(incident.pattern ?? "-")",
                    ])
            })
    }

    /// Errors of other rooms.
    @Sendable
    static func classify(_ error: any Error) -> Refused? {
        switch error {
        case StoreError.unavailable: Refused(.serviceUnavailable, "the store cannot write", retryAfterSeconds: 30)
        case StoreError.notFound: Refused(.notFound, "not in the store")
        case StoreError.versionConflict: Refused(.conflict, "changed meanwhile")
        case let refusal as DossierRefusal:
            switch refusal.kind {
            case .forbidden: Refused(.forbidden, refusal.key)
            case .conflict: Refused(.conflict, refusal.key)
            case .invalid: Refused(.unprocessableContent, refusal.key)
            }
        default: nil
        }
    }

    private func said(_ status: Status) -> String {
        Portal.saidStatuses.contains(status.code) ? String(status.code) : status.code < 500 ? "400" : "500"
    }

    private func publicError(_ page: ErrorPage) -> Response {
        let key = said(page.status)
        return render(
            MessagePage(
                layout: layout(messages.say("error.\(key).heading")),
                explanation: messages.say("error.\(key)", ["phone": agency.phone]), incident: page.incidentCode ?? "",
                linkAddress: "/", linkText: messages.say("link.home")), page.status)
    }

    private func deskError(_ page: ErrorPage, _ exchange: Exchange) -> Response {
        let key = said(page.status)
        // Whoever is signed in can sign out from here as from every page (OWASP ASVS 5.0 section 7.4.4).
        let officer = try? signedIn(exchange)
        // What became of the dossier is seen on its own page.
        let namesDossier = exchange.route?.pattern.description.contains("{code}") ?? false
        let code = page.status == .conflict && namesDossier ? DossierCode(rawValue: exchange.parameter("code")) : nil
        let dossier = code.map { "/can-bo/ho-so/\($0)" }
        let layout = DeskLayout(
            pageTitle: messages.say("error.\(key).heading"), portal: site, officer: officer,
            csrf: officer == nil ? "" : exchange.csrfToken())
        return render(
            DeskMessagePage(
                layout: layout, explanation: messages.say("error.\(key)", ["phone": agency.phone]),
                incident: page.incidentCode ?? "", linkAddress: dossier ?? "/can-bo",
                linkText: messages.say(dossier == nil ? "title.queue" : "link.dossier")), page.status)
    }

    private func apiError(_ page: ErrorPage, _ exchange: Exchange) -> Response {
        let body = APIError(
            code: page.incidentCode ?? "http\(page.status.code)",
            message: messages.say("error.\(said(page.status))", ["phone": agency.phone]), fields: [])
        var response = apiResponse(["error": body], page.status)
        if page.status == .unauthorized {
            // RFC 6750 section 3: what is asked for, and whether what came was wrong.
            let isWrong = exchange.head.fields[.authorization] != nil
            response.fields.set(
                .wwwAuthenticate, "Bearer realm=\"motcua\"" + (isWrong ? ", error=\"invalid_token\"" : ""))
        }
        return response
    }

    /// What the server itself answers, before any route: refusals of the wire, time-outs, overload.
    public var serverErrorPage: @Sendable (Status, Bool) -> Response {
        { [self] status, isSecure in
            var response = publicError(ErrorPage(status: status))
            headers.complete(&response, isSecure: isSecure)
            if status == .serviceUnavailable { response.fields.set(.retryAfter, "5") }
            return response
        }
    }
}
