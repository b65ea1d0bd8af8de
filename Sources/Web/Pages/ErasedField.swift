/// A field without its types. Every closure takes the address of the value the field was declared for: the compiler of
/// templates pairs each field with the frame that holds exactly such a value, and only `TemplateProgram` calls them,
/// with addresses that are alive for the length of the call. That pairing is what makes the raw pointers sound.
@usableFromInline
struct ErasedField: Sendable {
    @usableFromInline typealias Write = @Sendable (UnsafeRawPointer, inout [UInt8]) -> Void
    @usableFromInline typealias IsTrue = @Sendable (UnsafeRawPointer) -> Bool
    @usableFromInline typealias Enter = @Sendable (UnsafeRawPointer, (UnsafeRawPointer) -> Void) -> Void

    /// Shows the value, escaped; nil for what can only open a section.
    @usableFromInline var write: Write?
    /// Shows the value in a text that is no markup; nil for markup too.
    @usableFromInline var writePlain: Write?
    /// Whether a section on it is shown.
    @usableFromInline var isTrue: IsTrue
    /// Visits the part, or each row; nil for plain values.
    @usableFromInline var enter: Enter?
    /// The part's or the rows' own names.
    @usableFromInline var children: FieldTable?
    /// Whether `enter` may visit more than one value.
    @usableFromInline var isList: Bool
    /// Whether `write` writes markup.
    @usableFromInline var isMarkup: Bool

    @usableFromInline
    init(
        write: Write? = nil, writePlain: Write? = nil, isTrue: @escaping IsTrue, enter: Enter? = nil,
        children: FieldTable? = nil,
        isList: Bool = false, isMarkup: Bool = false
    ) {
        self.write = write
        self.writePlain = writePlain
        self.isTrue = isTrue
        self.enter = enter
        self.children = children
        self.isList = isList
        self.isMarkup = isMarkup
    }

    /// The same field for a value from which `outer` leads to this field's value.
    @usableFromInline
    func reached(through outer: @escaping Enter) -> ErasedField {
        var field = self
        if let write { field.write = { pointer, output in outer(pointer) { write($0, &output) } } }
        if let writePlain {
            field.writePlain = { pointer, output in outer(pointer) { writePlain($0, &output) } }
        }
        if let enter { field.enter = { pointer, visit in outer(pointer) { enter($0, visit) } } }
        let isTrue = isTrue
        field.isTrue = { pointer in
            var result = false
            outer(pointer) { result = isTrue($0) }
            return result
        }
        return field
    }
}

/// Names and fields of one value.
@usableFromInline
struct FieldTable: Sendable {
    @usableFromInline private(set) var entries: [(name: String, field: ErasedField)] = []

    @usableFromInline init() {}

    @usableFromInline
    mutating func add(_ name: String, _ field: ErasedField) {
        entries.append((name, field))
    }

    subscript(name: String) -> ErasedField? { entries.first { $0.name == name }?.field }

    /// A name declared twice: whichever were taken, the other would be lost.
    var repeatedNames: [String] {
        var seen: Set<String> = []
        return entries.map(\.name).filter { !seen.insert($0).inserted }
    }
}
