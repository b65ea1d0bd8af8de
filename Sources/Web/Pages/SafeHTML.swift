/// Markup that is already safe to stand in a page: the one way past escaping, so that a search for this name finds every
/// place that must be reviewed. Everything else a page shows is escaped.
public struct SafeHTML: Sendable, Hashable {
    /// UTF-8 markup, written as it is.
    public let bytes: [UInt8]

    /// Vouches for `markup`: it must not hold anything a person typed, unless that went through `escaping`.
    public init(trusted markup: String) {
        self.bytes = Array(markup.utf8)
    }

    /// Makes markup of any text by escaping it.
    public init(escaping text: String) {
        var bytes: [UInt8] = []
        HTMLEscaping.append(text, to: &bytes)
        self.bytes = bytes
    }
}

/// Escaping for text and for quoted attribute values alike: & < > " and '.
public enum HTMLEscaping {
    /// Appends `text`, the five characters replaced by references.
    public static func append(_ text: String, to output: inout [UInt8]) {
        var text = text
        text.withUTF8 { append($0, to: &output) }
    }

    private static func append(_ text: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
        var runStart = 0
        for index in text.indices {
            guard let reference = reference(for: text[index]) else { continue }
            output.append(contentsOf: UnsafeBufferPointer(rebasing: text[runStart..<index]))
            reference.withUTF8Buffer { output.append(contentsOf: $0) }
            runStart = index + 1
        }
        output.append(contentsOf: UnsafeBufferPointer(rebasing: text[runStart...]))
    }

    @inline(__always)
    private static func reference(for byte: UInt8) -> StaticString? {
        guard byte <= UInt8(ascii: ">") else { return nil }
        switch byte {
        case UInt8(ascii: "&"): return "&amp;"
        case UInt8(ascii: "<"): return "&lt;"
        case UInt8(ascii: ">"): return "&gt;"
        case UInt8(ascii: "\""): return "&quot;"
        case UInt8(ascii: "'"): return "&#39;"
        default: return nil
        }
    }
}
