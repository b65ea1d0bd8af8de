/// Preconditions (RFC 9110 §13), evaluated in the order of §13.2.2.
public enum ConditionalRequest {
    /// What the server holds now.
    public struct Validators: Sendable, Hashable {
        /// The entity tag with its quotes, `W/` in front when weak.
        public let etag: String
        /// Seconds since 1970, if known.
        public let modifiedAt: Int64?

        /// Names the validators.
        public init(etag: String, modifiedAt: Int64? = nil) {
            self.etag = etag
            self.modifiedAt = modifiedAt
        }
    }

    /// What follows from the preconditions.
    public enum Outcome: Sendable, Hashable {
        /// Perform the method.
        case proceed
        /// Answer 304.
        case notModified
        /// Answer 412.
        case failed
    }

    /// Judges the request's fields against what is there.
    public static func evaluate(_ head: RequestHead, _ current: Validators) -> Outcome {
        guard head.storage.mayHave(conditions) else { return .proceed }
        let fields = head.fields
        let isRead = head.isRead
        if let ifMatch = fields[.ifMatch] {
            guard matches(ifMatch, current.etag, strong: true) else { return .failed }
        } else if let since = fields[.ifUnmodifiedSince].flatMap({ HTTPDate.parse($0) }),
            let modifiedAt = current.modifiedAt
        {
            guard modifiedAt <= since else { return .failed }
        }
        if let ifNoneMatch = fields[.ifNoneMatch] {
            guard matches(ifNoneMatch, current.etag, strong: false) else { return .proceed }
            return isRead ? .notModified : .failed
        }
        if isRead, let since = fields[.ifModifiedSince].flatMap({ HTTPDate.parse($0) }),
            let modifiedAt = current.modifiedAt,
            modifiedAt <= since
        {
            return .notModified
        }
        return .proceed
    }

    /// Whether a request has conditions or a range at all; most have none.
    public static func mayMatter(to head: RequestHead) -> Bool {
        head.storage.mayHave(conditions | KnownField.range.bit)
    }

    /// Whether a request that would change something asks for a representation that a resource without validators cannot
    /// have: RFC 9110 §13.1.1 forbids carrying it out.
    public static func asksInVain(_ head: RequestHead) -> Bool {
        guard !head.isRead, head.storage.mayHave(KnownField.ifMatch.bit), let tags = head.fields[.ifMatch] else {
            return false
        }
        return tags != "*"
    }

    static let conditions =
        KnownField.ifMatch.bit | KnownField.ifNoneMatch.bit | KnownField.ifModifiedSince.bit
        | KnownField.ifUnmodifiedSince.bit

    /// Whether a Range field may be applied (If-Range, §13.1.5: strong comparison, and the exact moment).
    public static func rangeApplies(_ head: RequestHead, _ current: Validators) -> Bool {
        guard let ifRange = head.fields[.ifRange] else { return true }
        if ifRange.hasPrefix("\"") { return ifRange == current.etag }
        // A weak tag is no date and so never applies.
        guard let date = HTTPDate.parse(ifRange), let modifiedAt = current.modifiedAt else { return false }
        return date == modifiedAt
    }

    private static func matches(_ list: String, _ etag: String, strong: Bool) -> Bool {
        if list == "*" || list == etag { return !strong || list == "*" || !etag.hasPrefix("W/") }
        return tags(list).contains { candidate in
            if strong { return candidate == etag && !candidate.hasPrefix("W/") }
            return opaque(candidate) == opaque(etag)
        }
    }

    private static func opaque(_ etag: String) -> Substring {
        etag.hasPrefix("W/") ? etag.dropFirst(2) : etag[...]
    }

    /// `[ "W/" ] DQUOTE *etagc DQUOTE`, comma-separated (RFC 9110 §8.8.3). Unlike a quoted string a tag knows no escape: a
    /// backslash is a letter. What stands behind a malformed element is not read.
    private static func tags(_ list: String) -> [String] {
        let bytes = Array(list.utf8)
        let isGap = { (byte: UInt8) in byte == Octet.comma || byte == Octet.space || byte == Octet.tab }
        var found: [String] = []
        var position = 0
        while true {
            while position < bytes.count, isGap(bytes[position]) { position += 1 }
            let start = position
            if bytes[position...].starts(with: "W/".utf8) { position += 2 }
            guard position < bytes.count, bytes[position] == Octet.quote,
                let close = bytes[(position + 1)...].firstIndex(of: Octet.quote)
            else { return found }
            position = close + 1
            guard position == bytes.count || isGap(bytes[position]) else { return found }
            found.append(String(decoding: bytes[start..<position], as: UTF8.self))
        }
    }
}
