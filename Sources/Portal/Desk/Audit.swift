import HTTPWire
import PublicService
import Store
import Web

/// Who looked at what, and who was refused, in the store's trail.
extension Portal {
    /// Adds an entry for who is signed in, or for `who`. A store that cannot write does not keep officers from reading:
    /// the log tells of it then.
    func audit(
        _ action: AuditEntry.Action, _ exchange: Exchange, about subject: String = "", by who: String? = nil
    ) async {
        let entry = AuditEntry(
            at: now, who: who ?? exchange.session?.subject ?? "", action: action, subject: subject,
            address: exchange.peer.address)
        do {
            try await store.record(entry)
        } catch {
            logger.error("the audit trail could not be written", metadata: ["action": "\(action.rawValue)"])
        }
    }
}

/// Tells the trail of officers who called what their roles do not admit; the router answers them 403.
struct RefusalAudit: WaitingMiddleware {
    let portal: Portal

    func enterWaiting(_ exchange: inout Exchange) async throws -> Response? {
        guard let route = exchange.route, case .officer(let roles) = route.access, let session = exchange.session,
            roles.isDisjoint(with: session.roles)
        else { return nil }
        await portal.audit(.refused, exchange, about: String(exchange.head.path.prefix(200)))
        return nil
    }
}
