/// The only words for a state that a citizen sees; each is a key of the messages.
public enum CitizenStatus: String, Sendable, CaseIterable {
    case awaitingIntake, processing, awaitingSupplement, awaitingPayment, resultReady, resultReturned, refused,
        withdrawn, stopped
}

extension Dossier {
    /// What the citizen is told.
    public var citizenStatus: CitizenStatus {
        switch state {
        case .awaitingIntake: owesFee ? .awaitingPayment : .awaitingIntake
        case .awaitingSupplementBeforeIntake, .awaitingSupplement: .awaitingSupplement
        case .accepted, .processing, .awaitingSignature, .awaitingIssue: .processing
        case .resultReady: owesFee ? .awaitingPayment : .resultReady
        case .resultReturned: .resultReturned
        case .refused: .refused
        case .withdrawn: .withdrawn
        case .stopped: .stopped
        }
    }

    /// Whether something is to be paid and is not.
    public var owesFee: Bool { finance == .pending || finance == .failed }

    /// The national portal's status code, 1 … 10 (TrangThaiHoSo): a projection at the edge.
    public var nationalCode: Int {
        switch state {
        case .awaitingIntake: 1
        case .accepted: owesFee ? 6 : 2
        case .refused: 3
        case .processing, .awaitingSignature, .awaitingIssue: owesFee ? 6 : 4
        case .awaitingSupplementBeforeIntake, .awaitingSupplement: 5
        case .withdrawn: 7
        case .stopped: 8
        case .resultReady: 9
        case .resultReturned: 10
        }
    }

    /// The moment by which somebody must act: the desk before intake, the office after.
    public var deadline: Instant? {
        switch state {
        case .awaitingIntake: intakeDueAt
        case .accepted, .processing, .awaitingSignature, .awaitingIssue: dueAt
        default: nil
        }
    }
}

extension DossierCode {
    /// `<agency>-<YYMMDD>-<NNNN>`; nil beyond 999 999 a day.
    public init?(agency: AgencyCode, date: LocalDate, number: Int) {
        self.init(rawValue: "\(agency)-\(date.compact)-\(padded(number, 4))")
    }
}
