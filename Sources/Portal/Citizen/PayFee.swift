import Gateways
import HTTPWire
import PublicService
import Store
import Web

/// Paying: the browser is sent away, and only the gateway's signed call settles.
extension Portal {
    func addPayment(to routes: inout Routes) {
        routes.post("/ho-so/{code}/thanh-toan") { [self] in try await pay($0, $1) }
        routes.get("/thanh-toan/ket-qua") { [self] in try await payReturn($0) }
        // HEAD follows from GET by the router; the handler sees the method and settles on GET only.
        routes.program(.get, "/thanh-toan/vnpay/ipn", bodyLimit: 0) { [self] in try await paymentCall($0) }
    }

    private func pay(_ exchange: Exchange, _ form: Web.Form) async throws -> Response {
        let (dossier, _) = try await held(exchange, form: form)
        guard let merchant = settings.merchant else { throw Refused(.notFound, "no gateway") }
        let order = try await newOrder(for: dossier)
        let address = merchant.address(
            for: order, info: "Nop le phi ho so \(dossier.code)", payer: exchange.peer.address)
        guard let response = Response.seeOther(outside: address, allowed: [merchant.origin + "/"]) else {
            throw Refused(.serviceUnavailable, "the gateway's address is not usable")
        }
        return response
    }

    /// Another attempt makes another order.
    func newOrder(for dossier: Dossier) async throws -> PaymentOrder {
        let at = now
        let attempt = try await store.orderCount(of: dossier.id) + 1
        let changed = try await store.change(dossier.code, by: .citizen, at: at) { dossier, _ in
            try dossier.requestPayment(attempt: attempt, at: at, expiresAt: at.adding(seconds: 15 * 60))
        }
        guard let order = changed.payment else { throw Refused(.conflict, "no order") }
        return order
    }

    /// The gateway's server call (IPN). Always 200 with the protocol's answer.
    private func paymentCall(_ exchange: Exchange) async throws -> Response {
        guard exchange.head.method == .get else { return .json(IPNAnswer.unknownError.json) }
        guard let merchant = settings.merchant, let notice = try? merchant.notice(exchange.head.query ?? "") else {
            logger.warning("a payment call was not believed", metadata: ["peer": "\(exchange.peer.address)"])
            return .json(IPNAnswer.invalidSignature.json)
        }
        let answer: IPNAnswer
        do {
            answer = try await settle(notice)
        } catch {
            logger.error("a payment call could not be stored", metadata: ["error": "\(error)"])
            answer = .unknownError
        }
        return .json(answer.json)
    }

    /// Applies what the gateway says once, in one transaction with the look at what is known.
    func settle(_ notice: PaymentNotice) async throws -> IPNAnswer {
        try await store.settle(reference: notice.reference, at: now) { found in
            let decision = IPNAnswer.decide(notice, amount: found?.order.amount, known: found?.order.outcome)
            guard decision.applies, let found else { return (decision.answer, []) }
            return (decision.answer, found.dossier.settlePayment(notice.settlement, isRepeated: false))
        }
    }

    /// Where the browser comes back: shows what the store knows, and changes nothing.
    private func payReturn(_ exchange: Exchange) async throws -> Response {
        guard let merchant = settings.merchant, let notice = try? merchant.notice(exchange.head.query ?? ""),
            let found = try await store.order(notice.reference)
        else {
            return render(
                MessagePage(
                    layout: layout(messages.say("pay.unknown")), explanation: messages.say("pay.unknown.explanation"),
                    linkAddress: "/tra-cuu", linkText: messages.say("title.track")), .badRequest)
        }
        let outcome = found.order.outcome
        let key: String
        switch outcome {
        case .paid: key = "paid"
        case .failed: key = "failed"
        case .reconcile: key = "reconcile"
        default: key = "waiting"
        }
        return render(
            PayReturnPage(
                layout: layout(messages.say("pay.\(key).heading"), refreshSeconds: key == "waiting" ? 10 : 0),
                explanation: messages.say("pay.\(key).explanation"),
                tone: key == "paid" ? "good" : key == "waiting" ? "warn" : "bad",
                isTrial: settings.isTrial, code: found.dossier.code.rawValue,
                amount: messages.money(found.order.amount),
                reference: notice.reference))
    }

    /// Asks the gateway about orders whose call never came; called now and then by the program. Returns how many were settled.
    public func askForPendingPayments(_ query: VNPAYQuery) async -> Int {
        let at = now
        // Younger than five minutes: the person is still paying. Older than a day: people look at it.
        let pending = try? await store.pendingOrders(from: at.adding(seconds: -86_400), to: at.adding(seconds: -300))
        var settled = 0
        for order in pending ?? [] {
            guard let notice = try? await query.ask(reference: order.reference, createdAt: order.createdAt, at: at),
                let answer = try? await settle(notice), answer == .confirmed
            else { continue }
            settled += 1
        }
        return settled
    }
}

struct PayReturnPage: Page {
    static let template = "public/pay-return"
    let layout: Layout
    let explanation: String
    let tone: String
    let isTrial: Bool
    let code: String
    let amount: String
    let reference: String

    static let fields = Fields<PayReturnPage>()
        .include(Layout.fields) { $0.layout }
        .text("heading") { $0.layout.pageTitle }
        .text("explanation") { $0.explanation }
        .text("tone") { $0.tone }
        .flag("isTest") { $0.isTrial }
        .text("code") { $0.code }
        .text("amount") { $0.amount }
        .text("reference") { $0.reference }
}
