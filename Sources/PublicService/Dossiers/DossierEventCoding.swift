extension DossierEvent {
    /// The stable name under which an event is stored.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        case submitted, accepted, supplementRequested, supplementSubmitted, refused, handedOver
        case resultProposed, resultSentBack, resultSigned, resultIssued, resultReturned
        case extended, withdrawalRequested, withdrawn, stopped, paymentRequested, paymentSettled
    }

    /// Which kind this is.
    public var kind: Kind {
        switch self {
        case .submitted: .submitted
        case .accepted: .accepted
        case .supplementRequested: .supplementRequested
        case .supplementSubmitted: .supplementSubmitted
        case .refused: .refused
        case .handedOver: .handedOver
        case .resultProposed: .resultProposed
        case .resultSentBack: .resultSentBack
        case .resultSigned: .resultSigned
        case .resultIssued: .resultIssued
        case .resultReturned: .resultReturned
        case .extended: .extended
        case .withdrawalRequested: .withdrawalRequested
        case .withdrawn: .withdrawn
        case .stopped: .stopped
        case .paymentRequested: .paymentRequested
        case .paymentSettled: .paymentSettled
        }
    }
}

extension DossierEvent: Codable {
    private enum Key: String, CodingKey {
        case kind, data
    }

    /// Reads `{"kind", "data"}`; an unknown kind is an error: a newer program wrote it.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        func data<Payload: Decodable>() throws -> Payload {
            try container.decode(Payload.self, forKey: .data)
        }
        switch try container.decode(Kind.self, forKey: .kind) {
        case .submitted: self = .submitted(try data())
        case .accepted: self = .accepted(try data())
        case .supplementRequested: self = .supplementRequested(try data())
        case .supplementSubmitted: self = .supplementSubmitted(try data())
        case .refused: self = .refused(try data())
        case .handedOver: self = .handedOver(try data())
        case .resultProposed: self = .resultProposed(try data())
        case .resultSentBack: self = .resultSentBack(try data())
        case .resultSigned: self = .resultSigned(try data())
        case .resultIssued: self = .resultIssued(try data())
        case .resultReturned: self = .resultReturned(try data())
        case .extended: self = .extended(try data())
        case .withdrawalRequested: self = .withdrawalRequested(try data())
        case .withdrawn: self = .withdrawn(try data())
        case .stopped: self = .stopped(try data())
        case .paymentRequested: self = .paymentRequested(try data())
        case .paymentSettled: self = .paymentSettled(try data())
        }
    }

    /// Writes `{"kind", "data"}`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(kind, forKey: .kind)
        switch self {
        case .submitted(let payload): try container.encode(payload, forKey: .data)
        case .accepted(let payload): try container.encode(payload, forKey: .data)
        case .supplementRequested(let payload): try container.encode(payload, forKey: .data)
        case .supplementSubmitted(let payload): try container.encode(payload, forKey: .data)
        case .refused(let payload): try container.encode(payload, forKey: .data)
        case .handedOver(let payload): try container.encode(payload, forKey: .data)
        case .resultProposed(let payload): try container.encode(payload, forKey: .data)
        case .resultSentBack(let payload): try container.encode(payload, forKey: .data)
        case .resultSigned(let payload): try container.encode(payload, forKey: .data)
        case .resultIssued(let payload): try container.encode(payload, forKey: .data)
        case .resultReturned(let payload): try container.encode(payload, forKey: .data)
        case .extended(let payload): try container.encode(payload, forKey: .data)
        case .withdrawalRequested(let payload): try container.encode(payload, forKey: .data)
        case .withdrawn(let payload): try container.encode(payload, forKey: .data)
        case .stopped(let payload): try container.encode(payload, forKey: .data)
        case .paymentRequested(let payload): try container.encode(payload, forKey: .data)
        case .paymentSettled(let payload): try container.encode(payload, forKey: .data)
        }
    }
}
