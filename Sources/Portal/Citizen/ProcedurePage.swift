import PublicService
import Web

/// Everything about one procedure.
struct ProcedurePage: Page {
    static let template = "public/procedure"
    let portal: Portal
    let layout: Layout
    let procedure: Procedure

    struct Paper: Sendable {
        let name: String
        let count: String
        let counts: String
        let condition: String
        let how: String
        static let fields = Fields<Paper>().text("name") { $0.name }.text("count") { $0.count }
            .text("counts") { $0.counts }.text("condition") { $0.condition }.text("how") { $0.how }
    }

    struct Time: Sendable {
        let channel, length, note: String
        static let fields = Fields<Time>().text("channel") { $0.channel }.text("length") { $0.length }.text("note") {
            $0.note
        }
    }

    struct Fee: Sendable {
        let name, amount, exemption, basis, note: String
        static let fields = Fields<Fee>().text("name") { $0.name }.text("amount") { $0.amount }
            .text("exemption") { $0.exemption }.text("basis") { $0.basis }.text("note") { $0.note }
    }

    static let fields = Fields<ProcedurePage>()
        .include(Layout.fields) { $0.layout }
        .text("name") { $0.procedure.name }
        .text("code") { $0.procedure.code.rawValue }
        .text("field") { $0.procedure.field }
        .text("revision") { $0.procedure.revision }
        .text("validFrom") { LocalDate($0.procedure.validFrom)?.shown ?? $0.procedure.validFrom }
        .text("notInForce") { _ in "" }
        .list("papers", Paper.fields) { page in
            page.procedure.requirements.filter { !$0.isForm && $0.when != "conditional" }.map(page.paper)
        }
        .list("requirements", Paper.fields) { page in page.procedure.requirements.map(page.paper) }
        .list("times", Time.fields) { $0.times }
        .list("fees", Fee.fields) { $0.fees }
        .text("place") { $0.portal.agency.officeName }
        .text("decider") { $0.portal.decider(of: $0.procedure) }
        .flag("isElsewhere") { $0.portal.isElsewhere($0.procedure) }
        .list("results", .itself) { $0.procedure.results }
        .text("onlineLevel") { $0.portal.onlineWords($0.procedure) }
        .text("legacyLevel") { $0.portal.levelWords($0.procedure) }
        .flag("canSubmit") { $0.procedure.takesSubmissions }
        .flag("hasForm") { $0.procedure.form != nil }
        .text("startAddress") { "/thu-tuc/\($0.procedure.code)/nop" }
        .text("printAddress") { "/thu-tuc/\($0.procedure.code)/dien-va-in" }
        .text("blankFormAddress") { "/thu-tuc/\($0.procedure.code)/to-khai" }
        .list("channels", .itself) { page in
            page.procedure.channels.map { page.portal.messages.say("way.\($0)") }
        }
        .list("legalBasis", .itself) { $0.procedure.legalBasis }
        .flag("hasNotes") { !$0.notes.isEmpty }
        .list("notes", .itself) { $0.notes }
        .flag("unsurePapers") { !$0.portal.isSure($0.procedure, of: "components") }
        .flag("unsureResults") { !$0.portal.isSure($0.procedure, of: "result") }
        .flag("unsureBasis") { !$0.portal.isSure($0.procedure, of: "legal_basis") }
        .text("unsure") { $0.portal.messages.say("unsure") }
        .list("sources", .itself) { $0.procedure.sources }

    private func paper(_ item: Requirement) -> Paper {
        let m = portal.messages
        var counted: [String] = []
        let isCounted = portal.isSure(procedure, of: "components")
        if isCounted, item.originals > 0 { counted.append(m.say("paper.originals", ["count": String(item.originals)])) }
        if isCounted, item.copies > 0 { counted.append(m.say("paper.copies", ["count": String(item.copies)])) }
        let count = counted.joined(separator: ", ")
        return Paper(
            name: portal.messages.plain(item.name), count: count,
            counts: count.isEmpty ? m.say("paper.uncounted") : count,
            condition: portal.messages.plain(item.condition ?? ""), how: m.say("paper.when.\(item.when)"))
    }

    private var times: [Time] {
        let certain = procedure.certain["processing_time"] ?? false
        guard !procedure.processingTimes.isEmpty else {
            return [Time(channel: portal.messages.say("time.all"), length: portal.setByAuthority, note: "")]
        }
        let lengths = procedure.processingTimes.map { portal.words($0, certain: certain) }
        let notes = procedure.processingTimes.map { certain ? note($0) : "" }
        // The same for every way is said once.
        if let length = lengths.first, lengths.count > 1, Set(lengths).count == 1, Set(notes).count == 1 {
            return [Time(channel: portal.messages.say("time.all"), length: length, note: notes[0])]
        }
        return procedure.processingTimes.map { time in
            Time(
                channel: portal.messages.say("way.\(time.channel)"), length: portal.words(time, certain: certain),
                note: certain ? note(time) : "")
        }
    }

    /// Remarks; where the time limit is not sure, without those that give it as a number.
    private var notes: [String] {
        let isTimed = portal.isSure(procedure, of: "processing_time")
        return procedure.notes.filter { note in
            isTimed || !(TypedText.folded(note).hasPrefix("thoi han") && note.contains(where: \.isNumber))
        }.map(portal.messages.plain)
    }

    /// The same-day rule says it all; and remarks that quote the source's own code words are for editors.
    private func note(_ time: ProcessingTime) -> String {
        guard time.unit != .sameDay, let note = time.note, !note.contains("OTHER") else { return "" }
        return portal.messages.plain(note)
    }

    private var fees: [Fee] {
        procedure.fees.map { fee in
            let exemption = portal.exemption(fee)
            return Fee(
                name: fee.name.isEmpty ? portal.messages.say("fee.kind.\(fee.kind)") : fee.name,
                amount: portal.amount(fee),
                exemption: exemption, basis: fee.basis ?? portal.setByAuthority,
                note: portal.note(fee) == exemption ? "" : portal.note(fee))
        }
    }
}
