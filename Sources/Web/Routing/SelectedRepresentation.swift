import HTTPWire

/// Preconditions and ranges of answers that say what they are of by an entity tag (RFC 9110 §13, §14): stored papers, static
/// files, and whatever a handler tags. Judged when an answer has its last form: another coding is another representation.
/// Kept pages judge their own before.
enum SelectedRepresentation {
    /// A part of a file, which stays open with it.
    private final class Part: FileRegion {
        private let whole: any FileRegion
        let offset: Int64
        let byteCount: Int64
        var descriptor: Int32 { whole.descriptor }

        init(of whole: any FileRegion, first: Int64, byteCount: Int64) {
            self.whole = whole
            offset = whole.offset + first
            self.byteCount = byteCount
        }
    }

    /// Answers 304, 412, 206 or 416 where the request asks for it. Several ranges of a file are answered by all of it, as a
    /// server may (§14.2).
    static func select(_ head: RequestHead, _ response: inout Response) {
        guard response.prepared == nil, response.status.code == 200, head.isRead else { return }
        let isFile = if case .file = response.body { true } else { false }
        guard isFile || ConditionalRequest.mayMatter(to: head), let etag = response.fields[.etag] else { return }
        let modifiedAt = response.fields[.lastModified].flatMap { HTTPDate.parse($0) }
        let current = ConditionalRequest.Validators(etag: etag, modifiedAt: modifiedAt)
        switch ConditionalRequest.evaluate(head, current) {
        case .notModified:
            // The client has these of what it keeps (§15.4.5).
            for name in [FieldName.contentType, .contentEncoding] { response.fields.remove(name) }
            response.status = .notModified
            response.body = .empty
        case .failed: refuse(&response, .preconditionFailed)
        case .proceed: selectRange(head, current, &response)
        }
    }

    private static func selectRange(
        _ head: RequestHead, _ current: ConditionalRequest.Validators, _ response: inout Response
    ) {
        guard response.fields[.contentEncoding] == nil else { return }
        // Of GET alone.
        let range = head.method == .get && ConditionalRequest.rangeApplies(head, current) ? head.fields[.range] : nil
        switch response.body {
        case .bytes(let bytes):
            guard let range else { return }
            switch ByteRange.evaluate(range, size: Int64(bytes.count)) {
            case .whole: return
            case .unsatisfiable: refuseRange(&response, byteCount: Int64(bytes.count))
            case .parts(let ranges): response = PartialContent.response(of: bytes, ranges, response.fields)
            }
        case .file(let region):
            response.fields.set(.acceptRanges, "bytes")
            guard let range else { return }
            switch ByteRange.evaluate(range, size: region.byteCount) {
            case .whole: return
            case .unsatisfiable: refuseRange(&response, byteCount: region.byteCount)
            case .parts(let ranges):
                guard ranges.count == 1, let only = ranges.first else { return }
                response.status = .partialContent
                response.fields.append(.contentRange, only.contentRange(of: region.byteCount))
                response.body = .file(Part(of: region, first: only.first, byteCount: only.count))
            }
        case .empty, .stream: return
        }
    }

    /// 416, with the length there is.
    private static func refuseRange(_ response: inout Response, byteCount: Int64) {
        refuse(&response, .rangeNotSatisfiable)
        response.fields.set(.contentRange, "bytes */\(byteCount)")
        response.fields.set(.acceptRanges, "bytes")
    }

    /// What is said of the representation does not hold for a refusal, least of all how long it may be kept.
    private static func refuse(_ response: inout Response, _ status: Status) {
        let described = [FieldName.etag, .lastModified, .contentType, .contentEncoding, .contentDisposition]
        for name in described { response.fields.remove(name) }
        response.fields.set(.cacheControl, "no-store")
        response.status = status
        response.body = .empty
    }
}
