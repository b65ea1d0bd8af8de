import HTTPWire
import Testing

@testable import Web

@Suite struct ResumableTests {
    private static let limit: Int64 = 1000

    private static func upload(_ offset: Int64, _ length: Int64? = nil, isComplete: Bool = false) -> ResumableState {
        ResumableState(offset: offset, length: length, isComplete: isComplete, sizeLimit: limit, secondsLeft: 60)
    }

    private static func part(
        _ offset: Int64?, _ isComplete: Bool?, _ content: Int64?, _ length: Int64? = nil, isPart: Bool = true
    ) -> ResumableRequest {
        ResumableRequest(
            offset: offset, isComplete: isComplete, length: length, contentLength: content, isPart: isPart)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let claim: String
        let state: ResumableState
        let request: ResumableRequest
        let refusal: ResumableRefusal?
        let status: Int
        var testDescription: String { claim }

        init(
            _ claim: String, _ state: ResumableState, _ request: ResumableRequest, _ refusal: ResumableRefusal? = nil,
            _ status: Int = 0
        ) {
            self.claim = claim
            self.state = state
            self.request = request
            self.refusal = refusal
            self.status = status
        }
    }

    static let cases = [
        Case("the next piece", upload(10, 100), part(10, false, 20)),
        Case("the last piece", upload(10, 100), part(10, true, 90)),
        Case("all of it, length unknown", upload(0), part(0, true, 1000)),
        Case("chunked, length unknown", upload(10), part(10, true, nil)),
        Case("nothing, to complete", upload(100, 100), part(100, true, 0)),
        Case("nothing, to go on", upload(10), part(10, false, 0)),
        Case("the length told late", upload(10), part(10, false, 5, 100)),
        Case("the length told again", upload(10, 100), part(10, false, 5, 100)),
        Case("as much as may be", upload(0), part(0, false, 1000)),
        Case("another media type", upload(0), part(0, true, 5, isPart: false), .notPartialUpload, 415),
        Case("no offset", upload(0), part(nil, true, 5), .missingField(.uploadOffset), 400),
        Case("no completeness", upload(0), part(0, nil, 5), .missingField(.uploadComplete), 400),
        Case(
            "an offset before the end", upload(10), part(9, false, 5),
            .mismatchingOffset(expected: 10, provided: 9), 409),
        Case(
            "an offset behind the end", upload(10), part(11, true, 5),
            .mismatchingOffset(expected: 10, provided: 11), 409),
        Case("more after the end", upload(10, 10, isComplete: true), part(10, true, 1), .inconsistentLength, 400),
        Case("chunks after the end", upload(10, 10, isComplete: true), part(10, true, nil), .inconsistentLength, 400),
        Case("the end again", upload(10, 10, isComplete: true), part(10, true, 0), .completed, 400),
        Case("another length", upload(10, 100), part(10, false, 5, 101), .inconsistentLength, 400),
        Case("an end before the length", upload(10, 100), part(10, true, 89), .inconsistentLength, 400),
        Case("an end behind the length", upload(10, 100), part(10, true, 91), .inconsistentLength, 400),
        Case("two lengths in one", upload(10), part(10, true, 5, 16), .inconsistentLength, 400),
        Case("a piece longer than the rest", upload(10, 100), part(10, false, 91), .inconsistentLength, 400),
        Case("more than may be", upload(10), part(10, false, 991), .tooLarge, 413),
        Case("a length that may not be", upload(10), part(10, false, 5, 1001), .tooLarge, 413),
    ]

    @Test(arguments: cases) func acceptsOnlyWhatFits(_ row: Case) {
        let outcome = Result { () throws(ResumableRefusal) in try row.state.accept(row.request) }
        switch outcome {
        case .success(let plan):
            #expect(row.refusal == nil)
            #expect(plan.offset == row.state.offset)
            #expect(plan.completes == row.request.isComplete)
        case .failure(let refusal):
            #expect(refusal == row.refusal)
            #expect(refusal.status.code == row.status)
        }
    }

    @Test func chunkedContentIsHeldToItsLengthWhileItComes() throws {
        let told = try Self.upload(10, 100).accept(Self.part(10, true, nil))
        #expect(throws: Never.self) { try told.check(received: 90) }
        #expect(throws: ResumableRefusal.inconsistentLength) { try told.check(received: 91) }
        #expect(try told.finish(received: 90))
        #expect(throws: ResumableRefusal.inconsistentLength) { try told.finish(received: 89) }
        let open = try Self.upload(10).accept(Self.part(10, true, nil))
        #expect(throws: Never.self) { try open.check(received: 990) }
        #expect(throws: ResumableRefusal.tooLarge) { try open.check(received: 991) }
        #expect(try open.finish(received: 5))
        #expect(try Self.upload(10, 20).accept(Self.part(10, false, nil)).finish(received: 10) == false)
    }

    @Test func beginsOnlyWhatMayBecomeAFile() throws {
        func begin(_ request: ResumableRequest) throws -> Int64? {
            try ResumableState.begin(request, sizeLimit: Self.limit)
        }
        #expect(try begin(Self.part(nil, false, 0)) == nil)
        #expect(try begin(Self.part(nil, false, 10, 1000)) == 1000)
        #expect(try begin(Self.part(nil, true, 10)) == 10)
        #expect(try begin(Self.part(nil, nil, 10)) == nil)
        #expect(throws: ResumableRefusal.tooLarge) { try begin(Self.part(nil, false, 0, 1001)) }
        #expect(throws: ResumableRefusal.tooLarge) { try begin(Self.part(nil, nil, 1001)) }
        #expect(throws: ResumableRefusal.inconsistentLength) { try begin(Self.part(nil, true, 10, 11)) }
        #expect(throws: ResumableRefusal.inconsistentLength) { try begin(Self.part(nil, false, 11, 10)) }
    }

    @Test(
        arguments: [
            ("0", 0), ("0025", 25), ("999999999999999", 999_999_999_999_999), (" 7 ", 7), ("7;a=b", 7), ("7; x", 7),
            ("-1", nil), ("1000000000000000", nil), ("1.0", nil), ("", nil), ("7, 7", nil), ("\"7\"", nil), ("+7", nil),
            ("٧", nil),
        ] as [(String, Int64?)]) func readsCounts(_ text: String, _ count: Int64?)
    {
        #expect(StructuredItem.count(text) == count)
    }

    @Test(
        arguments: [
            ("?1", true), ("?0", false), ("?1;q", true), ("1", nil), ("true", nil), ("?2", nil), ("?1, ?1", nil),
        ]
            as [(String, Bool?)])
    func readsFlags(_ text: String, _ flag: Bool?) {
        #expect(StructuredItem.flag(text) == flag)
    }

    @Test func readsDigests() {
        let zeros = [UInt8](repeating: 0, count: 32)
        let text = "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"
        #expect(StructuredItem.bytes("sha-256", in: text) == zeros)
        #expect(StructuredItem.bytes("sha-256", in: "md5=:AAAA:, \(text);x=1") == zeros)
        for bad in ["sha-512" + text.dropFirst(7), "sha-256=AAAA", "sha-256=:AAAA:", "sha-256=::", "sha-256", ""] {
            #expect(StructuredItem.bytes("sha-256", in: bad) == nil, "\(bad)")
        }
    }

    @Test func readsAHead() {
        var fields = HeaderFields()
        fields.append(.uploadOffset, "5")
        fields.append(.uploadComplete, "?0")
        fields.append(.contentLength, "9223372036854775807")
        fields.append(.contentType, "Application/Partial-Upload")
        let request = ResumableRequest(RequestHead(method: .patch, path: "/", fields: fields))
        #expect(request == ResumableRequest(offset: 5, isComplete: false, contentLength: 1 << 50))
        #expect(throws: ResumableRefusal.tooLarge) { try Self.upload(5).accept(request) }
        fields.append(.uploadOffset, "5")
        fields.remove(.contentLength)
        fields.append(.transferEncoding, "chunked")
        let twice = ResumableRequest(RequestHead(method: .patch, path: "/", fields: fields))
        #expect(twice.offset == nil && twice.contentLength == nil)
    }

    @Test func saysWhatItIs() {
        var fields = HeaderFields()
        Self.upload(10, 100).describe(in: &fields)
        let lines = fields.fields.map { "\($0.name): \($0.value)" }
        #expect(
            lines == [
                "Upload-Offset: 10", "Upload-Complete: ?0", "Upload-Length: 100",
                "Upload-Limit: max-size=1000, max-age=60", "Cache-Control: no-store",
            ])
        var refused = HeaderFields()
        ResumableRefusal.mismatchingOffset(expected: 7, provided: 8).describe(in: &refused, nil, sizeLimit: 1000)
        #expect(refused[.uploadOffset] == "7")
        ResumableRefusal.tooLarge.describe(in: &refused, nil, sizeLimit: 1000)
        #expect(refused[.uploadLimit] == "max-size=1000")
    }
}
