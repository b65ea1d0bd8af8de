import Foundation
import Testing

@testable import PublicService

/// A dossier with its events, told step by step.
struct Story {
    var events: [RecordedEvent] = []
    var dossier: Dossier
    var at: Instant
    let clock: OfficeClock

    static let intake = OfficerID(rawValue: "tiep-nhan")
    static let limit = ProcessingTime(channel: "online", quantity: 2, unit: .workingDay, note: nil)

    init(fees: [FeeLine] = [], start: String = "2026-03-02T09:00") throws {
        clock = try realClock()
        at = try #require(LocalMinute(start)).instant
        let record = SubmissionRecord(
            code: try #require(DossierCode(rawValue: "H56.31.12-260302-0001")),
            submission: try Story.submission(fees: fees),
            intakeDueAt: at.adding(seconds: 8 * 3600))
        let id = try #require(DossierID(rawValue: "01936000-0000-7000-8000-000000000001"))
        let first = RecordedEvent(dossier: id, number: 1, at: at, actor: .citizen, event: .submitted(record))
        events = [first]
        dossier = try #require(try Dossier.folding(events))
    }

    static func submission(fees: [FeeLine]) throws -> Submission {
        let agency = try #require(AgencyCode(rawValue: "H56.31.12"))
        return Submission(
            procedure: try #require(ProcedureCode(rawValue: "2.000635")), revision: "2026-11-23",
            agencies: Agencies(helpedAt: agency, receivedAt: agency, decidedBy: agency), channel: .selfService,
            applicant: Applicant(name: "Lê Thị Ánh", personalID: nil, phone: "0912345678"), answers: ["so_ban": "2"],
            attachments: [], delivery: DeliveryChoice(way: .desk), fees: fees, lookupKeyDigest: "00")
    }

    mutating func wait(until text: String) throws {
        at = try #require(LocalMinute(text)).instant
    }

    mutating func add(_ new: [DossierEvent], by actor: Actor) throws {
        for event in new {
            let recorded = RecordedEvent(
                dossier: dossier.id, number: dossier.version + 1, at: at, actor: actor, event: event)
            try dossier.apply(recorded)
            events.append(recorded)
        }
    }

    static func officer(_ name: String) throws -> OfficerID { try #require(OfficerID(rawValue: name)) }

    static func draft() throws -> ResultDraft {
        ResultDraft(
            title: "Bản sao trích lục",
            document: Attachment(
                paper: "result", name: "kq.pdf", contentType: "application/pdf", byteCount: 4,
                digest: try #require(ContentDigest(rawValue: String(repeating: "a", count: 64)))), note: nil,
            grants: true)
    }

    /// Through intake and hand-over, to the professional officer.
    mutating func bringToProcessing() throws {
        let (intake, professional) = (try Story.officer("an"), try Story.officer("binh"))
        try add(
            try dossier.accept(by: intake, at: at, clock: clock, time: Story.limit, registerNumber: 1),
            by: .officer(intake, .intake))
        try add(
            try dossier.handOver(by: intake, role: .intake, to: professional, note: nil), by: .officer(intake, .intake))
    }
}
