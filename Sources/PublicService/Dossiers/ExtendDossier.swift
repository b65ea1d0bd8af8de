extension Dossier {
    /// Slip 04: apology, reason and a later due moment.
    public func extend(
        by actor: Actor, reason: String, newDueAt: Instant, at: Instant
    ) throws(DossierRefusal) -> [DossierEvent] {
        try check(.extend, by: actor)
        guard !reason.isEmpty else { throw DossierRefusal(.invalid, "extensionWithoutReason") }
        guard newDueAt > max(dueAt ?? at, at) else { throw DossierRefusal(.invalid, "extensionNotLater") }
        return [.extended(Extension(reason: reason, newDueAt: newDueAt))]
    }
}
