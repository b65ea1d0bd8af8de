/// What the professional officer proposes: the result document.
public struct ResultDraft: Sendable, Hashable, Codable {
    /// What it is called, e.g. the result name of the procedure.
    public var title: String
    /// The document, durable in the attachment store.
    public var document: Attachment
    /// A note for the leader.
    public var note: String?
    /// Grant, or a refusal that is itself the result.
    public var grants: Bool

    /// Describes a draft.
    public init(title: String, document: Attachment, note: String?, grants: Bool) {
        self.title = title
        self.document = document
        self.note = note
        self.grants = grants
    }
}

/// The result on its way: drafted, signed, issued.
public struct DossierResult: Sendable, Hashable, Codable {
    /// What was proposed.
    public var draft: ResultDraft
    /// Who proposed it.
    public var proposedBy: OfficerID
    /// Who signed; nil until signed.
    public var signedBy: OfficerID?
    /// When it was signed.
    public var signedAt: Instant?
    /// Number given by the clerk; nil until issued.
    public var number: String?
    /// When it was issued.
    public var issuedAt: Instant?
    /// How it was handed over; nil until then.
    public var handedOver: ResultReturn?
    /// When it was handed over.
    public var handedOverAt: Instant?

    /// Describes a result.
    public init(draft: ResultDraft, proposedBy: OfficerID) {
        self.draft = draft
        self.proposedBy = proposedBy
    }
}

/// How the result was handed over, with its proof.
public struct ResultReturn: Sendable, Hashable, Codable {
    /// The way it went.
    public var way: DeliveryChoice.Way
    /// Who received it.
    public var receivedBy: String
    /// Signature on paper, one-time code or postal receipt.
    public var proof: String

    /// Describes a hand-over of the result.
    public init(way: DeliveryChoice.Way, receivedBy: String, proof: String) {
        self.way = way
        self.receivedBy = receivedBy
        self.proof = proof
    }
}

/// The leader's no to a draft.
public struct SendingBack: Sendable, Hashable, Codable {
    /// What must be changed.
    public var reason: String

    /// Gives the reason.
    public init(reason: String) {
        self.reason = reason
    }
}

/// The leader's yes: bound to the content that was shown.
public struct ResultSignature: Sendable, Hashable, Codable {
    /// SHA-256 of the signed document.
    public var digest: ContentDigest

    /// Signs a content.
    public init(digest: ContentDigest) {
        self.digest = digest
    }
}

/// The clerk's number.
public struct ResultIssue: Sendable, Hashable, Codable {
    /// Number and sign as they stand on the document.
    public var number: String

    /// Gives a number.
    public init(number: String) {
        self.number = number
    }
}
