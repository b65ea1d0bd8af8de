import HTTPWire

/// Whether a request that may change something was sent by this site's own pages: the browser says so in
/// `Sec-Fetch-Site` (W3C Fetch Metadata) or `Origin` (RFC 6454). The CSRF token is asked for besides.
enum SameOrigin {
    private static let secFetchSite = FieldName(unchecked: "Sec-Fetch-Site")
    private static let secFetchUser = FieldName(unchecked: "Sec-Fetch-User")
    private static let referer = FieldName(unchecked: "Referer")

    /// Throws 403 for a foreign page. Clients that send neither field are not browsers of this decade; for them the
    /// token decides.
    static func check(_ exchange: Exchange) throws(Refused) {
        let fields = exchange.head.fields
        let site = fields[secFetchSite]
        if let site, site != "same-origin", site != "none" { throw Refused(.forbidden, "cross-site request") }
        guard let origin = fields[.origin] else { return }
        // A page under `Referrer-Policy: no-referrer` sends "null" even to its own site.
        if origin == "null", site == "same-origin" { return }
        guard let host = fields[.host]?.lowercased() else { throw Refused(.forbidden, "foreign origin") }
        let isOwn =
            origin.lowercased() == "https://" + host
            || !exchange.peer.isSecure && origin.lowercased() == "http://" + host
        guard isOwn else { throw Refused(.forbidden, "foreign origin") }
    }

    /// The same of a request; costs little when the browser says that it comes from this site or from nowhere.
    static func isDrivenByAnotherSite(_ head: RequestHead) -> Bool {
        !head.saysOwnSite && isDrivenByAnotherSite(head.fields)
    }

    /// Whether another site's page sent this request without a person's click: what an attacker who measures answers
    /// does by the thousand. Browsers that do not say so are judged by the page they come from.
    static func isDrivenByAnotherSite(_ fields: HeaderFields) -> Bool {
        if let site = fields[secFetchSite] {
            return site != "same-origin" && site != "none" && fields[secFetchUser] != "?1"
        }
        guard let page = fields[referer], let host = fields[.host] else { return false }
        guard let scheme = ["https://", "http://"].first(where: page.hasPrefix) else { return true }
        return page.dropFirst(scheme.count).prefix { $0 != "/" }.lowercased() != host.lowercased()
    }
}
