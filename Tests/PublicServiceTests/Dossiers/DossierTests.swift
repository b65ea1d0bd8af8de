import Foundation
import Testing

@testable import PublicService

@Suite struct DossierTests {
    @Test func goesTheWholeWay() throws {
        var story = try Story()
        try story.bringToProcessing()
        let (professional, leader, clerk) = (
            try Story.officer("binh"), try Story.officer("chi"), try Story.officer("dung")
        )
        let draft = try Story.draft()
        try story.add(
            try story.dossier.proposeResult(by: professional, draft: draft), by: .officer(professional, .professional))
        try story.add(
            try story.dossier.signResult(by: leader, digest: draft.document.digest), by: .officer(leader, .leader))
        try story.add(try story.dossier.issueResult(by: clerk, number: "12/TLHT-BS"), by: .officer(clerk, .clerk))
        #expect(story.dossier.citizenStatus == .resultReady)
        let handing = ResultReturn(way: .desk, receivedBy: "Lê Thị Ánh", proof: "ký nhận")
        let intake = try Story.officer("an")
        try story.add(
            try story.dossier.returnResult(by: .officer(intake, .intake), handing: handing),
            by: .officer(intake, .intake))
        #expect(story.dossier.state == .resultReturned)
        #expect(story.dossier.nationalCode == 10)
        #expect(story.dossier.result?.signedBy == leader)
        #expect(try Dossier.folding(story.events) == story.dossier)
    }

    @Test func supplementPausesTheClockExactly() throws {
        var story = try Story()
        try story.bringToProcessing()
        let professional = try Story.officer("binh")
        try story.wait(until: "2026-03-02T16:00")
        let items = [SupplementItem(subject: "giay-to", reason: "Ảnh mờ")]
        try story.add(
            try story.dossier.requestSupplement(
                by: professional, role: .professional, items: items, ground: "Điều 1",
                answerBy: story.at.adding(seconds: 864_000)),
            by: .officer(professional, .professional))
        #expect(story.dossier.state == .awaitingSupplement)
        #expect(story.dossier.deadline == nil)
        try story.wait(until: "2026-03-05T08:00")
        try story.add(
            try story.dossier.supplement(
                answers: ["so_ban": "3"], attachments: [], note: nil, at: story.at, clock: story.clock,
                time: Story.limit),
            by: .citizen)
        #expect(story.dossier.dueAt.map { LocalMinute($0).description } == "2026-03-06T11:00:00+07:00")
        #expect(story.dossier.answers["so_ban"] == "3")
        #expect(story.dossier.holder.place == .officer(professional))
    }

    @Test func aSecondRequestMustSayWhy() throws {
        var story = try Story()
        let intake = try Story.officer("an")
        let items = [SupplementItem(subject: "giay-to", reason: "Thiếu trang 2")]
        func ask(_ why: String?) throws -> [DossierEvent] {
            try story.dossier.requestSupplement(
                by: intake, role: .intake, items: items, ground: "Điều 1", answerBy: story.at, justification: why)
        }
        try story.add(try ask(nil), by: .officer(intake, .intake))
        try story.add(
            try story.dossier.supplement(
                answers: [:], attachments: [], note: "đã gửi", at: story.at, clock: story.clock, time: nil),
            by: .citizen)
        #expect(story.dossier.state == .awaitingIntake)
        #expect(throws: DossierRefusal(.invalid, "supplementWithoutJustification")) { try ask(nil) }
        #expect(try ask("Giấy mới nộp thiếu dấu").count == 1)
    }

    @Test func refusesWhatIsIncomplete() throws {
        let story = try Story()
        let intake = try Story.officer("an")
        #expect(throws: DossierRefusal(.invalid, "supplementWithoutItems")) {
            try story.dossier.requestSupplement(by: intake, role: .intake, items: [], ground: "x", answerBy: story.at)
        }
        #expect(throws: DossierRefusal(.invalid, "closureWithoutReason")) {
            try story.dossier.refuse(by: intake, reasons: [""], ground: "x", at: story.at)
        }
        #expect(throws: DossierRefusal(.invalid, "appointmentNeeded")) {
            try story.dossier.accept(by: intake, at: story.at, clock: story.clock, time: nil, registerNumber: 1)
        }
        #expect(throws: DossierRefusal(.forbidden, "notYourRole")) {
            try story.dossier.accept(
                by: intake, role: .clerk, at: story.at, clock: story.clock, time: Story.limit, registerNumber: 1)
        }
        #expect(throws: DossierRefusal(.conflict, "notInThisState")) {
            try story.dossier.issueResult(by: intake, number: "1")
        }
    }

    @Test func whoDraftsDoesNotSign() throws {
        var story = try Story()
        try story.bringToProcessing()
        let professional = try Story.officer("binh")
        let draft = try Story.draft()
        try story.add(
            try story.dossier.proposeResult(by: professional, draft: draft), by: .officer(professional, .professional))
        #expect(throws: DossierRefusal(.forbidden, "signerProposedIt")) {
            try story.dossier.signResult(by: professional, digest: draft.document.digest)
        }
        let other = try #require(ContentDigest(rawValue: String(repeating: "b", count: 64)))
        #expect(throws: DossierRefusal(.conflict, "digestChanged")) {
            try story.dossier.signResult(by: try Story.officer("chi"), digest: other)
        }
    }

    @Test func refusalWaitsForTheSupplement() throws {
        var story = try Story()
        let intake = try Story.officer("an")
        try story.add(
            try story.dossier.requestSupplement(
                by: intake, role: .intake, items: [SupplementItem(subject: "a", reason: "b")], ground: "c",
                answerBy: story.at.adding(seconds: 60)), by: .officer(intake, .intake))
        #expect(throws: DossierRefusal(.conflict, "supplementStillOpen")) {
            try story.dossier.refuse(by: intake, reasons: ["x"], ground: "y", at: story.at)
        }
        #expect(
            try story.dossier.refuse(by: intake, reasons: ["x"], ground: "y", at: story.at.adding(seconds: 60)).count
                == 1)
    }

    @Test func moneySettlesOnce() throws {
        let fee = FeeLine(name: "Phí", unitAmount: Money(dong: 8000), quantity: 2, basis: nil)
        var story = try Story(fees: [fee])
        #expect(story.dossier.citizenStatus == .awaitingPayment)
        #expect(story.dossier.amountDue == Money(dong: 16_000))
        try story.add(try story.dossier.requestPayment(attempt: 1, at: story.at, expiresAt: story.at), by: .citizen)
        func settlement(_ outcome: FinanceState) -> PaymentSettlement {
            PaymentSettlement(
                reference: "r", outcome: outcome, amount: Money(dong: 16_000), transaction: "1", codes: "00/00")
        }
        try story.add(story.dossier.settlePayment(settlement(.failed), isRepeated: false), by: .gateway)
        #expect(story.dossier.finance == .failed)
        try story.add(story.dossier.settlePayment(settlement(.paid), isRepeated: false), by: .gateway)
        #expect(story.dossier.finance == .paid)
        #expect(story.dossier.settlePayment(settlement(.paid), isRepeated: true).isEmpty)
        #expect(story.dossier.settlePayment(settlement(.failed), isRepeated: false).isEmpty)
        #expect(throws: DossierRefusal(.conflict, "nothingToPay")) {
            try story.dossier.requestPayment(attempt: 2, at: story.at, expiresAt: story.at)
        }
        try story.add(story.dossier.settlePayment(settlement(.paid), isRepeated: false), by: .gateway)
        #expect(story.dossier.finance == .reconcile)
    }

    /// The whole table: every state, verb and role, against the states and roles of the process table.
    @Test func permitsExactlyWhatTheTableSays() throws {
        let lawful: [Verb: ([BusinessState], [Role])] = [
            .accept: ([.awaitingIntake], [.intake]),
            .refuse: ([.awaitingIntake, .awaitingSupplementBeforeIntake], [.intake]),
            .sendBackResult: ([.awaitingSignature], [.leader]), .signResult: ([.awaitingSignature], [.leader]),
            .issueResult: ([.awaitingIssue], [.clerk]), .returnResult: ([.resultReady], [.intake]),
            .proposeResult: ([.processing], [.professional]),
            .extend: ([.accepted, .processing, .awaitingSignature, .awaitingIssue], [.leader]),
            .stop: ([.accepted, .processing, .awaitingSupplement, .awaitingSignature, .awaitingIssue], [.leader]),
        ]
        var story = try Story()
        let officer = try Story.officer("binh")
        story.dossier.assignee = officer
        for state in BusinessState.allCases {
            story.dossier.state = state
            for (verb, (states, roles)) in lawful {
                for role in Role.allCases {
                    let expected = states.contains(state) && roles.contains(role)
                    #expect(
                        story.dossier.permits(verb, by: .officer(officer, role)) == expected, "\(state) \(verb) \(role)"
                    )
                }
                #expect(story.dossier.permits(verb, by: .partner("x")) == false)
            }
        }
    }

    /// What the first table leaves out: verbs whose role depends on the state, the citizen's own, money and withdrawal.
    @Test func permitsTheRestAsTheTableSays() throws {
        let officer = try Story.officer("binh")
        let before: Set<BusinessState> = [.awaitingIntake, .awaitingSupplementBeforeIntake]
        let running: Set<BusinessState> = [
            .accepted, .processing, .awaitingSupplement, .awaitingSignature, .awaitingIssue,
        ]
        let pays = before.union(running).union([.resultReady])
        func isLawful(_ verb: Verb, _ state: BusinessState, _ role: Role) -> Bool? {
            switch verb {
            case .requestSupplement:
                (state, role) == (.awaitingIntake, .intake) || (state, role) == (.processing, .professional)
            case .handOver: (state, role) == (.accepted, .intake) || (state, role) == (.processing, .professional)
            case .agreeToWithdrawal: running.contains(state) && role == .leader
            case .collectFee: pays.contains(state) && (role == .intake || role == .cashier)
            case .supplement, .withdraw, .pay, .returnResult: false
            default: nil
            }
        }
        let fee = FeeLine(name: "a", unitAmount: Money(dong: 1), quantity: 1, basis: nil)
        var story = try Story(fees: [fee])
        story.dossier.assignee = officer
        story.dossier.withdrawalRequest = "x"
        for state in BusinessState.allCases {
            story.dossier.state = state
            for verb in Verb.allCases {
                for role in Role.allCases {
                    guard let expected = isLawful(verb, state, role) else { continue }
                    let found = story.dossier.permits(verb, by: .officer(officer, role))
                    #expect(found == expected, "\(state) \(verb) \(role)")
                }
                #expect(!story.dossier.permits(verb, by: .gateway) && !story.dossier.permits(verb, by: .partner("x")))
            }
            let citizen = Set(story.dossier.permittedVerbs(for: .citizen))
            var expected: Set<Verb> = []
            if pays.contains(state) { expected.insert(.pay) }
            if before.union(running).contains(state) { expected.insert(.withdraw) }
            if [.awaitingSupplementBeforeIntake, .awaitingSupplement].contains(state) { expected.insert(.supplement) }
            #expect(citizen == expected, "\(state)")
            // Another's dossier is nobody else's to work on.
            story.dossier.assignee = try Story.officer("khac")
            #expect(!story.dossier.permits(.proposeResult, by: .officer(officer, .professional)))
            story.dossier.assignee = officer
        }
    }

    /// Any sequence of lawful steps folds, is counted, and reads back from JSON.
    @Test(arguments: 0..<60) func everyLawfulWalkFolds(_ seed: Int) throws {
        var random = OfficeClockTests.Seeded(state: UInt64(seed) &* 7919 &+ 5)
        var story = try Story(
            fees: seed.isMultiple(of: 2)
                ? [] : [FeeLine(name: "a", unitAmount: Money(dong: 1), quantity: 1, basis: nil)])
        for _ in 0..<25 {
            story.at = story.at.adding(seconds: Int64.random(in: 60...20_000, using: &random))
            let choices = try Walk.steps(of: story)
            guard let (actor, events) = choices.randomElement(using: &random) else { break }
            try story.add(events, by: actor)
            #expect(story.dossier.version == story.events.count)
        }
        let data = try JSONEncoder().encode(story.events)
        let read = try JSONDecoder().decode([RecordedEvent].self, from: data)
        #expect(read == story.events)
        #expect(try Dossier.folding(read) == story.dossier)
    }

    @Test func findsDamage() throws {
        var story = try Story()
        try story.bringToProcessing()
        #expect(throws: DossierCorruption.numberingBroken(expected: 2, found: 3)) {
            try Dossier.folding([story.events[0], story.events[2]])
        }
        #expect(throws: DossierCorruption.numberingBroken(expected: 1, found: 2)) {
            try Dossier.folding(story.events.dropFirst())
        }
        #expect(throws: DossierCorruption.submissionMisplaced(number: 2)) {
            var second = story.events[0]
            second.number = 2
            _ = try Dossier.folding([story.events[0], second])
        }
    }

    /// The stored form of events is a promise to readers in ten years.
    @Test func storesEventsAsKindAndData() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let event = DossierEvent.handedOver(HandOver(to: try Story.officer("binh"), note: nil))
        #expect(
            String(decoding: try encoder.encode(event), as: UTF8.self) == #"{"data":{"to":"binh"},"kind":"handedOver"}"#
        )
        #expect(throws: (any Error).self) {
            try JSONDecoder().decode(DossierEvent.self, from: Data(#"{"kind":"flown","data":{}}"#.utf8))
        }
    }
}

/// Everything that somebody may lawfully do next.
enum Walk {
    static func steps(of story: Story) throws -> [(Actor, [DossierEvent])] {
        let dossier = story.dossier
        let (an, binh, chi, dung) = (
            try Story.officer("an"), try Story.officer("binh"), try Story.officer("chi"), try Story.officer("dung")
        )
        let draft = try Story.draft()
        let items = [SupplementItem(subject: "a", reason: "b")]
        let attempts: [(Actor, () throws -> [DossierEvent])] = [
            (
                .officer(an, .intake),
                { try dossier.accept(by: an, at: story.at, clock: story.clock, time: Story.limit, registerNumber: 1) }
            ),
            (
                .officer(an, .intake),
                {
                    try dossier.requestSupplement(
                        by: an, role: .intake, items: items, ground: "g", answerBy: story.at, justification: "j")
                }
            ),
            (
                .officer(binh, .professional),
                {
                    try dossier.requestSupplement(
                        by: binh, role: .professional, items: items, ground: "g", answerBy: story.at, justification: "j"
                    )
                }
            ),
            (
                .citizen,
                {
                    try dossier.supplement(
                        answers: [:], attachments: [], note: "n", at: story.at, clock: story.clock, time: Story.limit)
                }
            ),
            (.officer(an, .intake), { try dossier.handOver(by: an, role: .intake, to: binh, note: nil) }),
            (.officer(binh, .professional), { try dossier.proposeResult(by: binh, draft: draft) }),
            (.officer(chi, .leader), { try dossier.sendBackResult(by: chi, reason: "r") }),
            (.officer(chi, .leader), { try dossier.signResult(by: chi, digest: draft.document.digest) }),
            (.officer(dung, .clerk), { try dossier.issueResult(by: dung, number: "1") }),
            (
                .officer(chi, .leader),
                {
                    try dossier.extend(
                        by: .officer(chi, .leader), reason: "r", newDueAt: story.at.adding(seconds: 9_000_000),
                        at: story.at)
                }
            ),
            (.officer(an, .intake), { try dossier.collectFee(by: an, role: .intake, receipt: "BL1") }),
            (
                .citizen,
                {
                    try dossier.returnResult(
                        by: .citizen, handing: ResultReturn(way: .online, receivedBy: "x", proof: "y"))
                }
            ),
            (.citizen, { try dossier.withdraw(reason: "") }),
        ]
        return attempts.compactMap { actor, attempt in (try? attempt()).map { (actor, $0) } }.filter { !$0.1.isEmpty }
    }
}
