/// Draft, signature, number, return: four people, four steps (Decree 30/2020/ND-CP keeps signing, numbering and issuing apart).
extension Dossier {
    /// The professional officer proposes the result.
    public func proposeResult(
        by officer: OfficerID, role: Role = .professional, draft: ResultDraft
    ) throws(DossierRefusal) -> [DossierEvent] {
        try check(.proposeResult, by: .officer(officer, role))
        return [.resultProposed(draft)]
    }

    /// The leader sends the draft back with a reason.
    public func sendBackResult(
        by officer: OfficerID, role: Role = .leader, reason: String
    ) throws(DossierRefusal) -> [DossierEvent] {
        try check(.sendBackResult, by: .officer(officer, role))
        guard !reason.isEmpty else { throw DossierRefusal(.invalid, "sendingBackWithoutReason") }
        return [.resultSentBack(SendingBack(reason: reason))]
    }

    /// The leader signs the content that was shown: `digest` must still be the draft's.
    public func signResult(
        by officer: OfficerID, role: Role = .leader, digest: ContentDigest
    ) throws(DossierRefusal) -> [DossierEvent] {
        try check(.signResult, by: .officer(officer, role))
        guard result?.draft.document.digest == digest else { throw DossierRefusal(.conflict, "digestChanged") }
        return [.resultSigned(ResultSignature(digest: digest))]
    }

    /// The clerk gives the number.
    public func issueResult(
        by officer: OfficerID, role: Role = .clerk, number: String
    ) throws(DossierRefusal) -> [DossierEvent] {
        try check(.issueResult, by: .officer(officer, role))
        guard !number.isEmpty else { throw DossierRefusal(.invalid, "numberMissing") }
        return [.resultIssued(ResultIssue(number: number))]
    }

    /// The result reaches the person: handed over by the desk, or confirmed by the citizen.
    public func returnResult(by actor: Actor, handing: ResultReturn) throws(DossierRefusal) -> [DossierEvent] {
        try check(.returnResult, by: actor)
        return [.resultReturned(handing)]
    }
}
