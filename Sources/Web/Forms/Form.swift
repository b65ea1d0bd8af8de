/// A form as it was sent, read within its rules.
public struct Form: Sendable {
    /// One text field.
    public struct Field: Sendable, Hashable {
        /// The field's name.
        public let name: String
        /// The text; line ends are "\n".
        public let value: String
    }

    /// What a handler must know before it believes the texts.
    public enum Defect: Sendable, Hashable {
        /// The name came more than once.
        case repeated(name: String)
        /// U+0000 or another control character than line end and tab.
        case controlCharacter(name: String)
        /// A character that reverses or isolates the direction of what stands around it (Unicode UAX #9 §2):
        /// a text with it reads otherwise than it is.
        case directionControl(name: String)
    }

    /// Every text field in the order sent, without the CSRF token.
    public let fields: [Field]
    /// Every file in the order sent.
    public let files: [UploadedFile]
    /// What is wrong with them; empty for what ordinary browsers send.
    public let defects: [Defect]

    init(fields: [Field], files: [UploadedFile]) {
        self.fields = fields
        self.files = files
        self.defects = Form.defects(of: fields)
    }

    /// The first text sent under `name`.
    public subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// Every text sent under `name`: groups of check boxes.
    public func all(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

    /// The first file sent under `name`.
    public func file(_ name: String) -> UploadedFile? { files.first { $0.fieldName == name } }

    private static func defects(of fields: [Field]) -> [Defect] {
        var defects: [Defect] = []
        var seen: Set<String> = []
        for field in fields {
            var found: [Defect] = []
            if !seen.insert(field.name).inserted { found.append(.repeated(name: field.name)) }
            if field.value.unicodeScalars.contains(where: TextRules.isControl) {
                found.append(.controlCharacter(name: field.name))
            }
            if field.value.unicodeScalars.contains(where: TextRules.isDirectionControl) {
                found.append(.directionControl(name: field.name))
            }
            defects += found.filter { !defects.contains($0) }
        }
        return defects
    }
}

/// A file that was sent and taken by the sink.
public struct UploadedFile: Sendable {
    /// The form field it came in.
    public let fieldName: String
    /// The sender's name for it, cleaned: only for showing.
    public let fileName: String
    /// What the sender says it is; not to be believed.
    public let contentType: String
    /// Bytes received.
    public let byteCount: Int
    /// What the sink made of it.
    public let kept: any Sendable
}

/// What a route's form may carry.
public struct FormRules: Sendable {
    /// The whole body, in bytes.
    public var bodyLimit: Int
    /// How many text fields.
    public var fieldLimit: Int
    /// One text, in bytes.
    public var valueByteLimit: Int
    /// All texts together, in bytes: they stay in memory, unlike files.
    public var textByteLimit = 256 << 10
    /// What files it may carry; nil for none.
    public var uploads: UploadRules?

    /// 256 KB, 200 fields, 64 KB a text, no files.
    public static let plain = FormRules(bodyLimit: 256 << 10)

    /// Sets the rules.
    public init(
        bodyLimit: Int, fieldLimit: Int = 200, valueByteLimit: Int = 64 << 10, uploads: UploadRules? = nil
    ) {
        self.bodyLimit = bodyLimit
        self.fieldLimit = fieldLimit
        self.valueByteLimit = valueByteLimit
        self.uploads = uploads
    }
}

/// What files a form may carry, and who takes them.
public struct UploadRules: Sendable {
    /// How many.
    public var fileLimit: Int
    /// One file, in bytes.
    public var fileByteLimit: Int
    /// Takes the files of one request.
    public var sink: @Sendable (Exchange) -> any UploadSink

    /// Sets the rules.
    public init(fileLimit: Int, fileByteLimit: Int, sink: @escaping @Sendable (Exchange) -> any UploadSink) {
        self.fileLimit = fileLimit
        self.fileByteLimit = fileByteLimit
        self.sink = sink
    }
}

/// Takes files as they arrive; nothing of them is kept in memory here.
public protocol UploadSink: Sendable {
    /// A file begins. `fileName` is cleaned, `contentType` as sent.
    func begin(fieldName: String, fileName: String, contentType: String) async throws -> any UploadWriter
    /// The request failed after this file was finished: what `finish` gave back is not needed.
    func discard(_ kept: any Sendable) async
}

/// Takes one file.
public protocol UploadWriter: Sendable {
    /// The next piece, at most 64 KB.
    func write(_ bytes: [UInt8]) async throws
    /// The file is complete; what comes back stands in `UploadedFile.kept`.
    func finish() async throws -> any Sendable
    /// The file will not be completed.
    func abandon() async
}

/// Which characters a person's text may hold.
enum TextRules {
    /// Control characters but tab and line feed.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A: false
        case 0x00...0x1F, 0x7F...0x9F: true
        default: false
        }
    }

    /// Embeddings, overrides, isolates and marks of direction, and the line and paragraph separators.
    static func isDirectionControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    /// Line ends as "\n", whatever the browser sent.
    static func unifiedLineEnds(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.contains(13) else { return bytes }
        var unified: [UInt8] = []
        unified.reserveCapacity(bytes.count)
        for (index, byte) in bytes.enumerated() {
            if byte == 13 {
                unified.append(10)
            } else if byte != 10 || index == 0 || bytes[index - 1] != 13 {
                unified.append(byte)
            }
        }
        return unified
    }
}
