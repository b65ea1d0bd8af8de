/// Events that cannot belong to one dossier: the store is damaged, and says so instead of guessing.
public enum DossierCorruption: Error, Sendable, Hashable {
    /// The first event is not a submission, or another one is.
    case submissionMisplaced(number: Int)
    /// A number is missing or doubled.
    case numberingBroken(expected: Int, found: Int)
    /// An event of another dossier.
    case foreignEvent(number: Int)
    /// A result was signed, issued or returned that nobody proposed.
    case resultMissing(number: Int)
}

extension Dossier {
    /// The dossier that `events` tell, in order from number 1.
    public static func folding(_ events: some Sequence<RecordedEvent>) throws(DossierCorruption) -> Dossier? {
        var dossier: Dossier?
        for event in events {
            guard var current = dossier else {
                guard event.number == 1 else { throw .numberingBroken(expected: 1, found: event.number) }
                guard case .submitted(let record) = event.event else { throw .submissionMisplaced(number: 1) }
                dossier = Dossier(id: event.dossier, record: record, at: event.at)
                continue
            }
            try current.apply(event)
            dossier = current
        }
        return dossier
    }

    init(id: DossierID, record: SubmissionRecord, at: Instant) {
        self.init(
            id: id, code: record.code, submission: record.submission, submittedAt: at, version: 1,
            state: .awaitingIntake,
            finance: record.submission.fees.contains { $0.amount > .zero } ? .pending : .notDue,
            delivery: .none, sync: .notNeeded, answers: record.submission.answers,
            attachments: record.submission.attachments, acceptance: nil, intakeDueAt: record.intakeDueAt, dueAt: nil,
            holder: Holder(place: .desk, since: at), assignee: nil, extensions: 0, supplements: [], result: nil,
            closure: nil, withdrawalRequest: nil, payment: nil)
    }

    /// Adds one event.
    public mutating func apply(_ recorded: RecordedEvent) throws(DossierCorruption) {
        guard recorded.dossier == id else { throw .foreignEvent(number: recorded.number) }
        guard recorded.number == version + 1 else {
            throw .numberingBroken(expected: version + 1, found: recorded.number)
        }
        version = recorded.number
        let at = recorded.at
        switch recorded.event {
        case .submitted: throw .submissionMisplaced(number: recorded.number)
        case .accepted(let acceptance):
            self.acceptance = acceptance
            dueAt = acceptance.dueAt
            move(to: .accepted, holder: .desk, at)
        case .supplementRequested(let request):
            supplements.append(Supplement(request: request, requestedAt: at))
            move(to: request.beforeIntake ? .awaitingSupplementBeforeIntake : .awaitingSupplement, holder: .citizen, at)
        case .supplementSubmitted(let answer): applySupplement(answer, at)
        case .refused(let closure): close(.refused, closure, at)
        case .handedOver(let handOver):
            assignee = handOver.to
            move(to: .processing, holder: .officer(handOver.to), at)
        case .extended(let change):
            dueAt = change.newDueAt
            extensions += 1
        case .withdrawalRequested(let request): withdrawalRequest = request.reason
        case .withdrawn(let closure): close(.withdrawn, closure, at)
        case .stopped(let closure): close(.stopped, closure, at)
        case .paymentRequested(let order): payment = order
        case .paymentSettled(let settlement): finance = settlement.outcome
        case .resultProposed, .resultSentBack, .resultSigned, .resultIssued, .resultReturned:
            try applyResult(recorded)
        }
    }

    private mutating func applyResult(_ recorded: RecordedEvent) throws(DossierCorruption) {
        let at = recorded.at
        if case .resultProposed(let draft) = recorded.event {
            var proposer = assignee
            if case .officer(let officer, _) = recorded.actor { proposer = officer }
            guard let proposer else { throw .resultMissing(number: recorded.number) }
            result = DossierResult(draft: draft, proposedBy: proposer)
            return move(to: .awaitingSignature, holder: .leader, at)
        }
        guard result != nil else { throw .resultMissing(number: recorded.number) }
        switch recorded.event {
        case .resultSentBack:
            result = nil
            move(to: .processing, holder: assignee.map { .officer($0) } ?? .desk, at)
        case .resultSigned:
            if case .officer(let officer, _) = recorded.actor { result?.signedBy = officer }
            result?.signedAt = at
            move(to: .awaitingIssue, holder: .clerk, at)
        case .resultIssued(let issue):
            result?.number = issue.number
            result?.issuedAt = at
            delivery = .ready
            move(to: .resultReady, holder: .desk, at)
        case .resultReturned(let handing):
            result?.handedOver = handing
            result?.handedOverAt = at
            delivery = handing.way == .post ? .posted : .delivered
            move(to: .resultReturned, holder: .nobody, at)
        default: break
        }
    }

    private mutating func applySupplement(_ answer: SupplementAnswer, _ at: Instant) {
        answers.merge(answer.answers) { $1 }
        let replaced = Set(answer.attachments.map(\.paper))
        attachments.removeAll { replaced.contains($0.paper) }
        attachments.append(contentsOf: answer.attachments)
        if !supplements.isEmpty { supplements[supplements.count - 1].answeredAt = at }
        if let newDueAt = answer.newDueAt { dueAt = newDueAt }
        if state == .awaitingSupplementBeforeIntake {
            move(to: .awaitingIntake, holder: .desk, at)
        } else {
            move(to: .processing, holder: assignee.map { .officer($0) } ?? .desk, at)
        }
    }

    private mutating func move(to state: BusinessState, holder: Holder.Place, _ at: Instant) {
        self.state = state
        self.holder = Holder(place: holder, since: at)
    }

    private mutating func close(_ state: BusinessState, _ closure: Closure, _ at: Instant) {
        self.closure = closure
        move(to: state, holder: .nobody, at)
    }

    /// The request that waits for the citizen, if one does.
    public var openSupplement: Supplement? {
        guard Verb.supplement.states.contains(state) else { return nil }
        return supplements.last
    }
}
