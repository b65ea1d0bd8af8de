extension Dossier {
    /// Slip 03: the desk does not take it in. While a supplement may still come, it cannot.
    public func refuse(
        by officer: OfficerID, role: Role = .intake, reasons: [String], ground: String, at: Instant
    ) throws(DossierRefusal) -> [DossierEvent] {
        try check(.refuse, by: .officer(officer, role))
        guard !reasons.isEmpty, reasons.allSatisfy({ !$0.isEmpty }), !ground.isEmpty else {
            throw DossierRefusal(.invalid, "closureWithoutReason")
        }
        if let open = openSupplement, at < open.request.answerBy {
            throw DossierRefusal(.conflict, "supplementStillOpen")
        }
        return [.refused(Closure(reasons: reasons, ground: ground))]
    }

    /// Slip 05: a competent person stops it.
    public func stop(
        by officer: OfficerID, role: Role = .leader, reasons: [String], ground: String
    ) throws(DossierRefusal) -> [DossierEvent] {
        try check(.stop, by: .officer(officer, role))
        guard !reasons.isEmpty, reasons.allSatisfy({ !$0.isEmpty }), !ground.isEmpty else {
            throw DossierRefusal(.invalid, "closureWithoutReason")
        }
        return [.stopped(Closure(reasons: reasons, ground: ground))]
    }
}
