import HTTPWire

/// Preconditions and ranges of answers that say what they are of by an entity tag (RFC 9110 §13, §14): stored papers, and
/// whatever a handler tags. Kept pages and static files know theirs before they are made, and say so by `Accept-Ranges` or by
/// being prepared.
enum SelectedRepresentation {
    /// A part of a file, which stays open with it.
    private struct Part: FileRegion {
        let whole: any FileRegion
        let first: Int64
        let byteCount: Int64
        var descriptor: Int32 { whole.descriptor }
        var offset: Int64 { whole.offset + first }
    }

    /// Answers 304, 412, 206 or 416 where the request asks for it. Several ranges of a file are answered by all of it, as a
    /// server may (§14.2).
    static func select(_ head: RequestHead, _ response: inout Response) {
        guard response.prepared == nil, response.status.code == 200, head.method == .get || head.method == .head else {
            return
        }
        let isFile = if case .file = response.body { true } else { false }
        guard isFile || ConditionalRequest.mayMatter(to: head), let etag = response.fields[.etag],
            response.fields[.acceptRanges] == nil
        else { return }
        let modifiedAt = response.fields[.lastModified].flatMap { HTTPDate.parse($0) }
        let current = ConditionalRequest.Validators(etag: etag, modifiedAt: modifiedAt)
        switch ConditionalRequest.evaluate(head, current) {
        case .notModified: response = Response(.notModified, fields: response.fields)
        case .failed: response = Response(.preconditionFailed)
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
            response = PartialContent.response(of: bytes, range, response.fields)
        case .file(let region):
            response.fields.append(.acceptRanges, "bytes")
            guard let range else { return }
            switch ByteRange.evaluate(range, size: region.byteCount) {
            case .whole: return
            case .unsatisfiable: response = PartialContent.unsatisfiable(byteCount: region.byteCount)
            case .parts(let ranges):
                guard ranges.count == 1, let only = ranges.first else { return }
                response.status = .partialContent
                response.fields.append(.contentRange, "bytes \(only.first)-\(only.last)/\(region.byteCount)")
                response.body = .file(Part(whole: region, first: only.first, byteCount: only.count))
            }
        case .empty, .stream: return
        }
    }
}
