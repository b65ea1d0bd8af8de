extension Dossier {
    /// The desk takes it in: the clock starts and the appointment is made (slip 01). `appointed` is needed, and used,
    /// only where the catalogue does not know the time limit for sure.
    public func accept(
        by officer: OfficerID, role: Role = .intake, at: Instant, clock: OfficeClock, time: ProcessingTime?,
        registerNumber: Int, appointed: LocalMinute? = nil
    ) throws(DossierRefusal) -> [DossierEvent] {
        try check(.accept, by: .officer(officer, role))
        let now = LocalMinute(at)
        let start: LocalMinute
        let due: LocalMinute
        do throws(CalendarRefusal) {
            start = try clock.opening(from: now)
            if let time, time.unit != .other {
                due = try clock.due(received: now, quantity: time.quantity, unit: time.unit).due
            } else if let appointed, appointed > start {
                due = appointed
            } else {
                throw CalendarRefusal.quantity
            }
        } catch {
            throw DossierRefusal(.invalid, error == .quantity ? "appointmentNeeded" : "periodUnknown")
        }
        return [
            .accepted(
                Acceptance(
                    clockStartsAt: start.instant, dueAt: due.instant, registerNumber: registerNumber, officer: officer,
                    at: at))
        ]
    }
}
