extension Procedure {
    /// What is to be paid at submission for `answers`: only fees that are sure, charged online and have an amount.
    public func fees(for answers: [String: String]) -> [FeeLine] {
        fees.compactMap { rule in
            guard rule.chargedAtSubmission, rule.certain, let amount = rule.amount else { return nil }
            let quantity = rule.quantityQuestion.map { answers[$0].flatMap { Int($0) } ?? 0 } ?? 1
            guard quantity > 0, amount > .zero else { return nil }
            return FeeLine(name: rule.name, unitAmount: amount, quantity: quantity, basis: rule.basis)
        }
    }

    /// The time limit of a channel, when it is sure; nil means that the authority sets it.
    public func time(for channel: Channel) -> ProcessingTime? {
        guard certain["processing_time"] ?? false else { return nil }
        let name =
            switch channel {
            case .selfService, .assisted, .nationalPortal, .partner: "online"
            case .desk: "direct"
            case .post: "post"
            }
        return processingTimes.first { $0.channel == name && $0.unit != .other }
    }

    /// Whether it can be filled in and submitted here.
    public var takesSubmissions: Bool { form != nil && channels.contains("online") }

    /// Papers for which files are uploaded.
    public var uploads: [Requirement] { requirements.filter { $0.upload != .none } }
}
