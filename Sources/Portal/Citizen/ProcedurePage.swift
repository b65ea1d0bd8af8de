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
        .list("feeSummary", .itself) { page in
            page.procedure.fees.isEmpty ? [page.portal.setByAuthority] : page.procedure.fees.map(page.portal.summary)
        }
        .text("place") { $0.portal.agency.officeName }
        .list("results", .itself) { $0.procedure.results }
        .text("onlineLevel") { $0.portal.onlineWords($0.procedure) }
        .text("legacyLevel") { $0.portal.messages.say("online.legacy", ["level": String($0.procedure.legacyLevel)]) }
        .flag("canSubmit") { $0.procedure.takesSubmissions }
        .flag("hasForm") { $0.procedure.form != nil }
        .text("startAddress") { "/thu-tuc/\($0.procedure.code)/nop" }
        .text("printAddress") { "/thu-tuc/\($0.procedure.code)/dien-va-in" }
        .text("blankFormAddress") { "/thu-tuc/\($0.procedure.code)/to-khai" }
        .list("channels", .itself) { page in
            page.procedure.channels.map { page.portal.messages.say("way.\($0)") }
        }
        .list("legalBasis", .itself) { $0.procedure.legalBasis }
        .flag("hasNotes") { !$0.procedure.notes.isEmpty }
        .list("notes", .itself) { $0.procedure.notes }
        .list("sources", .itself) { $0.procedure.sources }

    private func paper(_ item: Requirement) -> Paper {
        let m = portal.messages
        let counts = m.say("paper.counts", ["originals": String(item.originals), "copies": String(item.copies)])
        return Paper(
            name: item.name, count: item.originals + item.copies > 0 ? counts : "", counts: counts,
            condition: item.condition ?? "", how: m.say("paper.when.\(item.when)"))
    }

    private var times: [Time] {
        let certain = procedure.certain["processing_time"] ?? false
        guard !procedure.processingTimes.isEmpty else {
            return [Time(channel: portal.messages.say("time.all"), length: portal.setByAuthority, note: "")]
        }
        return procedure.processingTimes.map { time in
            Time(
                channel: portal.messages.say("way.\(time.channel)"), length: portal.words(time, certain: certain),
                // The same-day rule says it all; its remarks repeat it in the source's own shorthand.
                note: certain && time.unit != .sameDay ? time.note ?? "" : "")
        }
    }

    private var fees: [Fee] {
        procedure.fees.map { fee in
            let exemption = portal.exemption(fee)
            return Fee(
                name: fee.name.isEmpty ? portal.messages.say("fee.kind.\(fee.kind)") : fee.name,
                amount: portal.amount(fee),
                exemption: exemption, basis: fee.basis ?? portal.setByAuthority,
                note: fee.note == exemption ? "" : fee.note ?? "")
        }
    }
}
