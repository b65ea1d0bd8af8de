import HTTPWire

/// An upload as it stands, and what a request may do with it: decided here, from values alone
/// (draft-ietf-httpbis-resumable-upload-12 §4).
public struct ResumableState: Sendable, Hashable {
    /// Bytes that are kept and will not be asked for again.
    public var offset: Int64
    /// Bytes of the whole, once somebody said so.
    public var length: Int64?
    /// Whether nothing can be added any more.
    public var isComplete: Bool
    /// The most bytes of the whole.
    public var sizeLimit: Int64
    /// Seconds until it is forgotten.
    public var secondsLeft: Int64

    /// An upload.
    public init(offset: Int64, length: Int64?, isComplete: Bool, sizeLimit: Int64, secondsLeft: Int64) {
        self.offset = offset
        self.length = length
        self.isComplete = isComplete
        self.sizeLimit = sizeLimit
        self.secondsLeft = secondsLeft
    }

    /// Whether `request` may begin an upload of at most `sizeLimit` bytes; returns the length of the whole, if it says so.
    /// A request that carries everything (`Upload-Complete: ?1`, or no such field) needs no upload to be resumed.
    public static func begin(_ request: ResumableRequest, sizeLimit: Int64) throws(ResumableRefusal) -> Int64? {
        let length = try request.length(at: 0)
        guard max(length ?? 0, request.contentLength ?? 0) <= sizeLimit else { throw .tooLarge }
        if let length, let content = request.contentLength, content > length { throw .inconsistentLength }
        return length
    }

    /// What `request` may add.
    public func accept(_ request: ResumableRequest) throws(ResumableRefusal) -> ResumablePlan {
        guard request.isPart else { throw .notPartialUpload }
        guard let offset = request.offset else { throw .missingField(.uploadOffset) }
        guard let completes = request.isComplete else { throw .missingField(.uploadComplete) }
        if isComplete { throw request.contentLength == 0 ? .completed : .inconsistentLength }
        guard offset == self.offset else { throw .mismatchingOffset(expected: self.offset, provided: offset) }
        let told = try request.length(at: offset)
        if let length, let told, length != told { throw .inconsistentLength }
        let length = length ?? told
        guard max(length ?? 0, offset + (request.contentLength ?? 0)) <= sizeLimit else { throw .tooLarge }
        if let length, offset + (request.contentLength ?? 0) > length { throw .inconsistentLength }
        return ResumablePlan(offset: offset, length: length, completes: completes, sizeLimit: sizeLimit)
    }

    /// `Upload-Limit`: what this upload may still grow to, and for how long.
    public var limit: String { "max-size=\(sizeLimit), max-age=\(max(0, secondsLeft))" }

    /// What every answer about this upload says of it.
    public func describe(in fields: inout HeaderFields) {
        fields.set(.uploadOffset, String(offset))
        fields.set(.uploadComplete, isComplete ? "?1" : "?0")
        if let length { fields.set(.uploadLength, String(length)) }
        fields.set(.uploadLimit, limit)
        fields.set(.cacheControl, "no-store")
    }
}

/// What one request may add to an upload.
public struct ResumablePlan: Sendable, Hashable {
    /// Where its content begins.
    public let offset: Int64
    /// Bytes of the whole, if known.
    public let length: Int64?
    /// Whether the upload ends with it.
    public let completes: Bool
    let sizeLimit: Int64

    /// Whether `received` bytes of content may be kept; asked before each piece is, because chunked content says its
    /// length only at its end.
    public func check(received: Int64) throws(ResumableRefusal) {
        if let length, offset + received > length { throw .inconsistentLength }
        guard offset + received <= sizeLimit else { throw .tooLarge }
    }

    /// Whether the upload is whole after all of the content, `received` bytes, is kept.
    public func finish(received: Int64) throws(ResumableRefusal) -> Bool {
        guard completes else { return false }
        if let length, offset + received != length { throw .inconsistentLength }
        return true
    }
}
