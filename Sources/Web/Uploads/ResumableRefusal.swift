import HTTPWire

/// Why a request about an upload is refused: one row a reason, with its status and, where the draft names one, its
/// problem type (draft-ietf-httpbis-resumable-upload-12 §7, RFC 9457).
public enum ResumableRefusal: Error, Sendable, Hashable {
    /// A field that must be there is absent, or not what it must be.
    case missingField(FieldName)
    /// The content is not declared to be `application/partial-upload`.
    case notPartialUpload
    /// The content does not begin where the upload ends.
    case mismatchingOffset(expected: Int64, provided: Int64)
    /// Two lengths were told, or more came than was told.
    case inconsistentLength
    /// Nothing can be added any more.
    case completed
    /// More than an upload may have.
    case tooLarge
    /// No such upload, not this caller's, or forgotten.
    case unknown
    /// A later request went on with this upload.
    case superseded
    /// The whole is not what its digest said.
    case wrongDigest
    /// The caller has too many unfinished uploads.
    case tooManyUnfinished

    /// The status of the answer.
    public var status: Status {
        switch self {
        case .missingField, .inconsistentLength, .completed: .badRequest
        case .notPartialUpload: .unsupportedMediaType
        case .mismatchingOffset, .superseded: .conflict
        case .tooLarge: .contentTooLarge
        case .unknown: .notFound
        case .wrongDigest: .unprocessableContent
        case .tooManyUnfinished: .tooManyRequests
        }
    }

    /// The problem's type: an address of the registry, or "about:blank" when the status says everything.
    public var type: String {
        let registry = "https://iana.org/assignments/http-problem-types#"
        return switch self {
        case .mismatchingOffset: registry + "mismatching-upload-offset"
        case .inconsistentLength: registry + "inconsistent-upload-length"
        case .completed: registry + "completed-upload"
        default: "about:blank"
        }
    }

    /// A short name: the last part of a message key.
    public var name: String {
        switch self {
        case .missingField: "missingField"
        case .notPartialUpload: "notPartialUpload"
        case .mismatchingOffset: "mismatchingOffset"
        case .inconsistentLength: "inconsistentLength"
        case .completed: "completed"
        case .tooLarge: "tooLarge"
        case .unknown: "unknown"
        case .superseded: "superseded"
        case .wrongDigest: "wrongDigest"
        case .tooManyUnfinished: "tooManyUnfinished"
        }
    }

    /// What the answer says beside its content: the right offset, the limits, the type to send.
    public func describe(in fields: inout HeaderFields, _ state: ResumableState?, sizeLimit: Int64) {
        fields.set(.cacheControl, "no-store")
        switch self {
        case .mismatchingOffset(let expected, _): fields.set(.uploadOffset, String(expected))
        case .tooLarge: fields.set(.uploadLimit, state?.limit ?? "max-size=\(sizeLimit)")
        case .notPartialUpload: fields.set(.acceptPatch, ResumableRequest.mediaType)
        case .tooManyUnfinished: fields.set(.retryAfter, "3600")
        default: break
        }
    }
}
