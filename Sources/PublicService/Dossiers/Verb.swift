/// What can be done to a dossier after its submission, and when by whom: the transition table as data.
public enum Verb: String, Sendable, Codable, CaseIterable {
    /// The desk takes it in.
    case accept
    /// The desk or the professional officer asks for more.
    case requestSupplement
    /// The citizen answers a request.
    case supplement
    /// The desk refuses to take it in.
    case refuse
    /// To a professional officer.
    case handOver
    /// The professional officer proposes the result.
    case proposeResult
    /// The leader sends it back.
    case sendBackResult
    /// The leader signs.
    case signResult
    /// The clerk numbers and issues.
    case issueResult
    /// To the person.
    case returnResult
    /// A new due moment with reason and apology.
    case extend
    /// The citizen withdraws, or asks to.
    case withdraw
    /// A competent person agrees to a withdrawal.
    case agreeToWithdrawal
    /// A competent person stops it.
    case stop
    /// The citizen pays online.
    case pay
    /// The desk takes the money.
    case collectFee

    /// States in which it is lawful.
    public var states: Set<BusinessState> {
        switch self {
        case .accept: [.awaitingIntake]
        case .requestSupplement: [.awaitingIntake, .processing]
        case .supplement: [.awaitingSupplementBeforeIntake, .awaitingSupplement]
        case .refuse: [.awaitingIntake, .awaitingSupplementBeforeIntake]
        case .handOver: [.accepted, .processing]
        case .proposeResult: [.processing]
        case .sendBackResult, .signResult: [.awaitingSignature]
        case .issueResult: [.awaitingIssue]
        case .returnResult: [.resultReady]
        case .extend: [.accepted, .processing, .awaitingSignature, .awaitingIssue]
        case .withdraw: BusinessState.beforeIntake.union(BusinessState.running)
        case .agreeToWithdrawal: BusinessState.running
        case .stop: BusinessState.running
        case .pay, .collectFee: BusinessState.beforeIntake.union(BusinessState.running).union([.resultReady])
        }
    }

    /// Roles that may; empty for the citizen's own verbs.
    public var roles: Set<Role> {
        switch self {
        case .accept, .refuse: [.intake]
        case .requestSupplement: [.intake, .professional]
        case .handOver: [.intake, .professional]
        case .proposeResult: [.professional]
        case .sendBackResult, .signResult, .extend, .agreeToWithdrawal, .stop: [.leader]
        case .issueResult: [.clerk]
        case .returnResult: [.intake]
        case .collectFee: [.intake, .cashier]
        case .supplement, .withdraw, .pay: []
        }
    }

    /// Whether the citizen may.
    public var isCitizens: Bool {
        switch self {
        case .supplement, .withdraw, .pay, .returnResult: true
        default: false
        }
    }
}

extension BusinessState {
    /// Not yet taken in.
    public static let beforeIntake: Set<BusinessState> = [.awaitingIntake, .awaitingSupplementBeforeIntake]
    /// Taken in, no result yet.
    public static let running: Set<BusinessState> = [
        .accepted, .processing, .awaitingSupplement, .awaitingSignature, .awaitingIssue,
    ]
    /// Ended.
    public static let ended: Set<BusinessState> = [.refused, .resultReturned, .withdrawn, .stopped]
}

/// Why a verb is not carried out; nothing changes then. `key` names the sentence.
public struct DossierRefusal: Error, Sendable, Hashable {
    /// Which answer it becomes.
    public enum Kind: Sendable, Hashable {
        /// 403: not this person.
        case forbidden
        /// 409: not in this state.
        case conflict
        /// 422: what was given does not suffice.
        case invalid
    }

    /// Which answer it becomes.
    public let kind: Kind
    /// e.g. `supplementWithoutReason`.
    public let key: String

    /// Names a refusal.
    public init(_ kind: Kind, _ key: String) {
        self.kind = kind
        self.key = key
    }

    /// Every key, so that a missing sentence is found at start.
    public static let keys = [
        "notYourRole", "notInThisState", "signerProposedIt", "supplementWithoutItems", "supplementWithoutReason",
        "supplementWithoutJustification", "supplementStillOpen", "closureWithoutReason", "extensionWithoutReason",
        "extensionNotLater", "appointmentNeeded", "digestChanged", "nothingToPay", "feeUnpaid", "numberMissing",
        "sendingBackWithoutReason", "noWithdrawalRequest", "supplementEmpty", "periodUnknown", "notTheHolder",
    ]
}

extension Dossier {
    /// Whether `actor` may do `verb` now, as far as state and role say; the verbs ask the same.
    public func permits(_ verb: Verb, by actor: Actor) -> Bool {
        (try? check(verb, by: actor)) != nil
    }

    /// What `actor` may do now, in the order of the table.
    public func permittedVerbs(for actor: Actor) -> [Verb] {
        Verb.allCases.filter { permits($0, by: actor) }
    }

    func check(_ verb: Verb, by actor: Actor) throws(DossierRefusal) {
        switch actor {
        case .officer(let officer, let role):
            guard verb.roles.contains(role) else { throw DossierRefusal(.forbidden, "notYourRole") }
            try checkState(verb)
            try checkOfficer(verb, officer, role)
        case .citizen:
            guard verb.isCitizens else { throw DossierRefusal(.forbidden, "notYourRole") }
            try checkState(verb)
        case .system where verb == .extend: try checkState(verb)
        case .partner, .gateway, .system: throw DossierRefusal(.forbidden, "notYourRole")
        }
        if verb == .pay || verb == .collectFee {
            guard finance == .pending || finance == .failed else { throw DossierRefusal(.conflict, "nothingToPay") }
        }
        if verb == .returnResult {
            guard finance != .pending, finance != .failed else { throw DossierRefusal(.conflict, "feeUnpaid") }
        }
        if verb == .agreeToWithdrawal, withdrawalRequest == nil {
            throw DossierRefusal(.conflict, "noWithdrawalRequest")
        }
    }

    private func checkState(_ verb: Verb) throws(DossierRefusal) {
        guard verb.states.contains(state) else { throw DossierRefusal(.conflict, "notInThisState") }
    }

    private func checkOfficer(_ verb: Verb, _ officer: OfficerID, _ role: Role) throws(DossierRefusal) {
        switch verb {
        case .signResult where result?.proposedBy == officer:
            // Who drafts does not sign: the content is seen by two people.
            throw DossierRefusal(.forbidden, "signerProposedIt")
        case .requestSupplement:
            let expected: Role = state == .awaitingIntake ? .intake : .professional
            guard role == expected else { throw DossierRefusal(.forbidden, "notYourRole") }
        case .handOver:
            let expected: Role = state == .accepted ? .intake : .professional
            guard role == expected else { throw DossierRefusal(.forbidden, "notYourRole") }
        default: break
        }
        if role == .professional, assignee != officer { throw DossierRefusal(.forbidden, "notTheHolder") }
    }
}
