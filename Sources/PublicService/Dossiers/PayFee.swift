extension Dossier {
    /// What is to be paid in all.
    public var amountDue: Money { submission.fees.map(\.amount).reduce(.zero, +) }

    /// An order for the whole amount; `attempt` makes its reference unique.
    public func requestPayment(
        attempt: Int, at: Instant, expiresAt: Instant
    ) throws(DossierRefusal) -> [DossierEvent] {
        try check(.pay, by: .citizen)
        return [
            .paymentRequested(
                PaymentOrder(
                    reference: "\(code).\(attempt)", amount: amountDue, createdAt: at, expiresAt: expiresAt))
        ]
    }

    /// The gateway's word on an order of this dossier. An outcome that changes nothing gives no event; a success after
    /// the fee was settled otherwise must be looked at by people.
    public func settlePayment(_ settlement: PaymentSettlement, isRepeated: Bool) -> [DossierEvent] {
        if isRepeated { return [] }
        var settlement = settlement
        switch (finance, settlement.outcome) {
        case (.paid, .paid), (.refunded, .paid): settlement.outcome = .reconcile
        case (.paid, _), (.refunded, _), (.reconcile, _): return []
        case (.notDue, .paid): settlement.outcome = .reconcile
        case (.notDue, _): return []
        default: break
        }
        return [.paymentSettled(settlement)]
    }

    /// The desk takes the money.
    public func collectFee(by officer: OfficerID, role: Role, receipt: String) throws(DossierRefusal) -> [DossierEvent]
    {
        try check(.collectFee, by: .officer(officer, role))
        guard !receipt.isEmpty else { throw DossierRefusal(.invalid, "numberMissing") }
        return [
            .paymentSettled(
                PaymentSettlement(
                    reference: "\(code).desk", outcome: .paid, amount: amountDue, transaction: receipt, codes: "desk"))
        ]
    }
}
