import FoundationEssentials
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

    /// Whether the source is sure of a fact (`fee`, `processing_time`, `components`, `online_level`, …).
    func isSure(_ procedure: Procedure, of fact: String) -> Bool { procedure.certain[fact] ?? false }

    /// The source tells exemptions in its remark.
    func exemption(_ fee: FeeRule) -> String {
        let told = fee.exemption ?? note(fee)
        return fee.exemption != nil || TypedText.folded(told).contains("mien") ? messages.plain(told) : setByAuthority
    }

    /// The remark of a fee; of an unsure one without the clauses that name numbers.
    func note(_ fee: FeeRule) -> String {
        guard let note = fee.note else { return "" }
        guard !fee.certain else { return messages.plain(note) }
        let sentences = note.components(separatedBy: ". ").map { sentence in
            sentence.components(separatedBy: "; ").filter { !$0.contains(where: \.isNumber) }.joined(separator: "; ")
        }
        return messages.plain(sentences.filter { !$0.isEmpty }.joined(separator: ". "))
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

    /// How far one gets online, in words; what this portal has no form for is handed in elsewhere.
    func onlineWords(_ procedure: Procedure) -> String {
        guard isSure(procedure, of: "online_level") else { return setByAuthority }
        let words = messages.say("online.\(procedure.onlineLevel)")
        return isElsewhere(procedure) ? messages.say("online.elsewhere", ["words": words]) : words
    }

    /// Whether it can be submitted online, but not here.
    func isElsewhere(_ procedure: Procedure) -> Bool {
        !procedure.takesSubmissions && isSure(procedure, of: "online_level")
            && procedure.onlineLevel != "khong_truc_tuyen"
    }

    /// Today's name of the level, and the number that people still say; empty when the source is not sure.
    func levelWords(_ procedure: Procedure) -> String {
        guard isSure(procedure, of: "online_level") else { return "" }
        return messages.say(
            "online.legacy",
            ["name": messages.say("online.name.\(procedure.onlineLevel)"), "level": String(procedure.legacyLevel)])
    }

    /// Who decides, by level of authority.
    func decider(of procedure: Procedure) -> String {
        let names = procedure.agencyLevels.map { messages.say("decider.\($0)", ["authority": agency.name]) }
        guard let first = names.first else { return setByAuthority }
        return names.dropFirst().reduce(first) { messages.say("decider.join", ["first": $0, "second": $1]) }
    }
}
