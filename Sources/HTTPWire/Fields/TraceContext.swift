/// What a caller says of the trace that its request belongs to: the traceparent field (W3C Trace Context, level 1, §3.2).
public struct TraceContext: Sendable, Hashable {
    /// 32 hexadecimal digits in lower case.
    public let traceID: String
    /// The caller's own part of the trace: 16 hexadecimal digits in lower case.
    public let parentID: String

    /// nil unless the field is there once and as the standard writes it; anything else is as if it were not there (§3.2.2).
    public init?(_ fields: HeaderFields) {
        guard fields.contains(.traceparent) else { return nil }
        let values = fields.values(of: .traceparent)
        guard values.count == 1, let parsed = TraceContext.parse(Array(values[0].utf8)) else { return nil }
        self = parsed
    }

    /// The same of a request; costs next to nothing without the field.
    public init?(_ head: borrowing RequestHead) {
        guard head.storage.mayHave(KnownField.traceparent.bit) else { return nil }
        self.init(head.fields)
    }

    private init(traceID: String, parentID: String) {
        self.traceID = traceID
        self.parentID = parentID
    }

    /// `version "-" trace-id "-" parent-id "-" flags`; versions after 00 may say more behind another dash.
    private static func parse(_ bytes: [UInt8]) -> TraceContext? {
        let dash = UInt8(ascii: "-")
        guard bytes.count >= 55, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
            let version = hex(bytes[0..<2]), let traceID = hex(bytes[3..<35]), let parentID = hex(bytes[36..<52]),
            hex(bytes[53..<55]) != nil, version != "ff", traceID.contains(where: { $0 != "0" }),
            parentID.contains(where: { $0 != "0" })
        else { return nil }
        guard bytes.count == 55 || version != "00" && bytes[55] == dash else { return nil }
        return TraceContext(traceID: traceID, parentID: parentID)
    }

    private static func hex(_ bytes: ArraySlice<UInt8>) -> String? {
        guard bytes.allSatisfy({ Octet.hexValue($0) != nil && Octet.lower($0) == $0 }) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
