extension Dossier {
    /// From the desk to a professional officer, or from one to another: a line of slip 06.
    public func handOver(
        by officer: OfficerID, role: Role, to receiver: OfficerID, note: String?
    ) throws(DossierRefusal) -> [DossierEvent] {
        try check(.handOver, by: .officer(officer, role))
        return [.handedOver(PublicService.HandOver(to: receiver, note: note))]
    }
}
