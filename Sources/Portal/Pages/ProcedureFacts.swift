import PublicService

/// A procedure's facts in words. What the source does not say for sure is the authority's to say, never a number.
extension Portal {
    var setByAuthority: String { messages.say("setByAuthority") }

    func words(_ time: ProcessingTime, certain: Bool) -> String {
        guard certain, time.unit != .other else { return setByAuthority }
        return messages.say("unit.\(time.unit.rawValue)", ["quantity": String(time.quantity)])
    }

    func amount(_ fee: FeeRule) -> String {
        guard fee.certain, let amount = fee.amount else { return setByAuthority }
        if amount == .zero { return messages.say("fee.free") }
        guard let unit = fee.unit else { return messages.money(amount) }
        return messages.say("fee.amount", ["amount": Messages.grouped(amount.dong), "unit": unit])
    }

    /// Amount with what it is for, in one line.
    func summary(_ fee: FeeRule) -> String {
        let name = fee.name.isEmpty ? messages.say("fee.kind.\(fee.kind)") : fee.name
        return messages.say("fee.line", ["name": name, "amount": amount(fee)])
    }

    /// The source tells exemptions in its remark.
    func exemption(_ fee: FeeRule) -> String {
        if let exemption = fee.exemption { return exemption }
        if let note = fee.note, TypedText.folded(note).contains("mien") { return note }
        return setByAuthority
    }

    func address(of procedure: Procedure) -> String {
        "/thu-tuc/\(procedure.code)/\(Portal.slug(procedure.name))"
    }

    /// Words of a name without marks, for readable addresses; at most 80 characters.
    static func slug(_ name: String) -> String {
        var slug = ""
        for word in TypedText.folded(name).split(separator: " ") {
            guard slug.utf8.count + word.utf8.count < 80 else { break }
            slug += (slug.isEmpty ? "" : "-") + word.filter { $0.isASCII }
        }
        return slug.isEmpty ? "thu-tuc" : slug
    }

    func onlineWords(_ procedure: Procedure) -> String { messages.say("online.\(procedure.onlineLevel)") }
}
