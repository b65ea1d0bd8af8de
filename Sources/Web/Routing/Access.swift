/// Who may call a route. Declared with the route and enforced by the router before the handler runs: a route without
/// the right to be called does not exist for its handler.
public enum Access: Sendable, Hashable {
    /// Anyone.
    case `public`
    /// Anyone who is signed in.
    case session
    /// Signed in with at least one of these roles; the names are the portal's, opaque here.
    case officer(roles: Set<String>)
    /// A program with a partner key, recognised by the portal's own middleware.
    case partner

    /// Whether `exchange` may pass.
    func admits(_ exchange: Exchange) -> Bool {
        switch self {
        case .public: true
        case .session: exchange.session != nil
        case .officer(let roles): exchange.session.map { !roles.isDisjoint(with: $0.roles) } ?? false
        case .partner: exchange.partner != nil
        }
    }
}
