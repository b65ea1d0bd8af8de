extension Dossier {
    /// The citizen withdraws: at once before intake, where nobody need agree; afterwards it is a request.
    public func withdraw(reason: String) throws(DossierRefusal) -> [DossierEvent] {
        try check(.withdraw, by: .citizen)
        if BusinessState.beforeIntake.contains(state) {
            return [.withdrawn(Closure(reasons: reason.isEmpty ? [] : [reason], ground: nil))]
        }
        return [.withdrawalRequested(WithdrawalRequest(reason: reason))]
    }

    /// A competent person agrees to the request.
    public func agreeToWithdrawal(
        by officer: OfficerID, role: Role = .leader
    ) throws(DossierRefusal) -> [DossierEvent] {
        try check(.agreeToWithdrawal, by: .officer(officer, role))
        let reasons = [withdrawalRequest ?? ""].filter { !$0.isEmpty }
        return [.withdrawn(Closure(reasons: reasons, ground: nil))]
    }
}
