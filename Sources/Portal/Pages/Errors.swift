import HTTPWire
import Logging
import Platform
import PublicService
import Store
import Web

/// The one place where errors become pages, or JSON for programs.
extension Portal {
    static let saidStatuses = [400, 401, 403, 404, 405, 408, 409, 410, 413, 414, 415, 422, 429, 500, 503]

    func errorPages(isDesk: Bool) -> ErrorPages {
        ErrorPages(
            render: { [self] exchange, page in
                if exchange.head.path.hasPrefix("/api/") { return apiError(page) }
                return isDesk ? deskError(page) : publicError(page)
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

    private func deskError(_ page: ErrorPage) -> Response {
        let key = said(page.status)
        let layout = DeskLayout(pageTitle: messages.say("error.\(key).heading"), portal: site, officer: nil, csrf: "")
        return render(
            DeskMessagePage(
                layout: layout, explanation: messages.say("error.\(key)", ["phone": agency.phone]),
                incident: page.incidentCode ?? "", linkText: messages.say("title.queue")), page.status)
    }

    private func apiError(_ page: ErrorPage) -> Response {
        let body = APIError(
            code: page.incidentCode ?? "http\(page.status.code)",
            message: messages.say("error.\(said(page.status))", ["phone": agency.phone]), fields: [])
        return apiResponse(["error": body], page.status)
    }

    /// What the server itself answers, before any route: refusals of the wire, time-outs, overload.
    public var serverErrorPage: @Sendable (Status) -> Response {
        { [self] status in
            var response = publicError(ErrorPage(status: status))
            headers.complete(&response, isSecure: false)
            if status == .serviceUnavailable { response.fields.set(.retryAfter, "5") }
            return response
        }
    }
}
