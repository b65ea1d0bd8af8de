import FoundationEssentials
import PublicService

/// Every sentence that pages say besides their templates: `Catalogue/messages.json5`, by key, with gaps in braces.
public struct Messages: Sendable {
    private let texts: [String: String]
    private let abbreviations: [(short: String, long: String)]

    /// Takes sentences by key.
    public init(_ texts: [String: String]) {
        self.texts = texts
        abbreviations = texts.filter { $0.key.hasPrefix("plain.") }.sorted { $0.key < $1.key }
            .map { (String($0.key.dropFirst("plain.".count)), $0.value) }
    }

    /// The sentence of `key`, its gaps filled in one walk: what a value says is never taken for a gap. A key without a
    /// sentence shows itself; `missing` finds those at start.
    public func say(_ key: String, _ parameters: [String: String] = [:]) -> String {
        guard let text = texts[key] else { return key }
        guard !parameters.isEmpty else { return text }
        var said = ""
        var rest = Substring(text)
        while let open = rest.utf8.firstIndex(of: UInt8(ascii: "{")) {
            said += rest[..<open]
            let inside = rest[rest.utf8.index(after: open)...]
            if let close = inside.utf8.firstIndex(of: UInt8(ascii: "}")),
                let value = parameters[String(inside[..<close])]
            {
                said += value
                rest = inside[inside.utf8.index(after: close)...]
            } else {
                said += "{"
                rest = inside
            }
        }
        return said + rest
    }

    /// Whether `key` has a sentence.
    public func has(_ key: String) -> Bool { texts[key] != nil }

    /// Keys built from values of the domain that have no sentence; empty when the catalogue is complete.
    public var missing: [String] {
        var keys = TextDefect.keys.map { "defect.\($0)" } + DossierRefusal.keys.map { "refusal.\($0)" }
        keys += CitizenStatus.allCases.flatMap { ["status.\($0.rawValue)", "status.\($0.rawValue).meaning"] }
        keys += Verb.allCases.flatMap { ["verb.\($0.rawValue)"] }
        keys += BusinessState.allCases.map { "state.\($0.rawValue)" }
        keys += FinanceState.allCases.map { "finance.\($0.rawValue)" }
        keys += DossierEvent.Kind.allCases.map { "event.\($0.rawValue)" }
        keys += Role.allCases.map { "role.\($0.rawValue)" }
        keys += DeliveryChoice.Way.allCases.map { "delivery.\($0.rawValue)" }
        keys += Channel.allCases.map { "channel.\($0.rawValue)" }
        return keys.filter { texts[$0] == nil }
    }
}

extension Messages {
    /// A source's sentence without abbreviations that its readers know and citizens do not (keys `plain.…`).
    func plain(_ text: String) -> String {
        abbreviations.reduce(text) { $0.replacing($1.short, with: $1.long) }
    }

    /// Whole dong with the currency.
    func money(_ money: Money) -> String { say("money", ["amount": Messages.grouped(money.dong)]) }

    /// Groups of three with full stops.
    static func grouped(_ number: Int64) -> String {
        var text = ""
        for (index, digit) in String(number).reversed().enumerated() {
            if index > 0, index.isMultiple(of: 3) { text.append(".") }
            text.append(digit)
        }
        return String(text.reversed())
    }

    /// A share with one decimal and a comma, rounded down, so that 100 % means all.
    static func percent(_ part: Int, of whole: Int) -> String {
        let thousandths = whole > 0 ? part * 1000 / whole : 0
        return thousandths.isMultiple(of: 10) ? "\(thousandths / 10) %" : "\(thousandths / 10),\(thousandths % 10) %"
    }

    /// Clock and date.
    func time(_ instant: Instant) -> String {
        let minute = LocalMinute(instant)
        return say("time", ["clock": minute.clock, "date": minute.date.shown])
    }

    /// Bytes as people read them.
    func size(_ byteCount: Int64) -> String {
        if byteCount < 1024 { return "\(byteCount) B" }
        if byteCount < 1 << 20 { return "\((byteCount + 512) / 1024) KB" }
        let tenths = (byteCount * 10 + (1 << 19)) >> 20
        return "\(tenths / 10),\(tenths % 10) MB"
    }

    /// The sentence of a defect of a question, its own wording first.
    func sentence(_ defect: TextDefect, question: Question?) -> String {
        var parameters = defect.parameters
        parameters["label"] = question.map { $0.label.prefix(1).lowercased() + $0.label.dropFirst() } ?? ""
        if let own = question?.messages?[defect.key] { return own }
        return say("defect.\(defect.key)", parameters)
    }

    /// How close a deadline is, and its tone.
    func badge(_ nearness: Nearness) -> (text: String, tone: String) {
        switch nearness {
        case .left(let days): (say("badge.left", ["days": String(days)]), days <= 1 ? "warn" : "good")
        case .today: (say("badge.today"), "warn")
        case .overdue(let days): (say("badge.overdue", ["days": String(days)]), "bad")
        }
    }
}
