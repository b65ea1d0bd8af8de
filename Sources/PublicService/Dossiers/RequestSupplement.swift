extension Dossier {
    /// Slip 02: every defect at once, each with a reason. A further request must say why it was not in the first.
    public func requestSupplement(
        by officer: OfficerID, role: Role, items: [SupplementItem], ground: String, answerBy: Instant,
        justification: String? = nil
    ) throws(DossierRefusal) -> [DossierEvent] {
        try check(.requestSupplement, by: .officer(officer, role))
        guard !items.isEmpty else { throw DossierRefusal(.invalid, "supplementWithoutItems") }
        guard items.allSatisfy({ !$0.reason.isEmpty }), !ground.isEmpty else {
            throw DossierRefusal(.invalid, "supplementWithoutReason")
        }
        guard supplements.isEmpty || !(justification ?? "").isEmpty else {
            throw DossierRefusal(.invalid, "supplementWithoutJustification")
        }
        return [
            .supplementRequested(
                SupplementRequest(
                    items: items, ground: ground, beforeIntake: state == .awaitingIntake, answerBy: answerBy,
                    justification: justification))
        ]
    }

    /// The citizen answers; a paused clock goes on with exactly what remained.
    public func supplement(
        answers: [String: String], attachments: [Attachment], note: String?, at: Instant, clock: OfficeClock,
        time: ProcessingTime?
    ) throws(DossierRefusal) -> [DossierEvent] {
        try check(.supplement, by: .citizen)
        guard !answers.isEmpty || !attachments.isEmpty || !(note ?? "").isEmpty else {
            throw DossierRefusal(.invalid, "supplementEmpty")
        }
        let newDueAt = state == .awaitingSupplement ? try dueAfterPause(endingAt: at, clock: clock, time: time) : nil
        return [
            .supplementSubmitted(
                SupplementAnswer(answers: answers, attachments: attachments, newDueAt: newDueAt, note: note))
        ]
    }

    private func dueAfterPause(
        endingAt at: Instant, clock: OfficeClock, time: ProcessingTime?
    ) throws(DossierRefusal) -> Instant? {
        guard let acceptance, let dueAt, let open = supplements.last else { return dueAt }
        do throws(CalendarRefusal) {
            if let time, time.unit != .other, extensions == 0 {
                var pauses: [Pause] = []
                for supplement in supplements where !supplement.request.beforeIntake {
                    pauses.append(Pause(start: supplement.requestedAt, end: supplement.answeredAt ?? at))
                }
                return try clock.due(
                    received: LocalMinute(acceptance.at), quantity: time.quantity, unit: time.unit, pauses: pauses
                ).due.instant
            }
            // After an extension, or without a known limit, what remained at the pause remains.
            let remaining = clock.workingMinutes(from: LocalMinute(open.requestedAt), to: LocalMinute(dueAt))
            return remaining > 0 ? try clock.adding(workingMinutes: remaining, to: LocalMinute(at)).instant : at
        } catch {
            throw DossierRefusal(.invalid, "periodUnknown")
        }
    }
}
