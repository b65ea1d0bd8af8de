/// A page's data: a value, the template it fills, and what the template may name. Anything else in the template is a
/// failure at start.
public protocol Page: Sendable {
    /// The template's name: its path below the template folder without ".html". A name with ".txt" is a plain text, for
    /// mail and messages: nothing in it is escaped.
    static var template: String { get }
    /// The names the template may use.
    static var fields: Fields<Self> { get }
}

/// The names a template may use for a value, each with the way to read it.
public struct Fields<Value>: Sendable {
    @usableFromInline var table = FieldTable()

    /// No names yet.
    public init() {}

    /// Text, escaped when shown in markup. As a section it is true unless empty.
    @inlinable
    public func text(_ name: String, _ read: @escaping @Sendable (Value) -> String) -> Fields {
        adding(name) { pointer in read(pointer.assumingMemoryBound(to: Value.self).pointee) }
    }

    /// A whole number without grouping. As a section it is true unless zero.
    @inlinable
    public func number(_ name: String, _ read: @escaping @Sendable (Value) -> Int) -> Fields {
        adding(
            name,
            ErasedField(
                write: { $1.append(contentsOf: String(read($0.assumingMemoryBound(to: Value.self).pointee)).utf8) },
                writePlain: {
                    $1.append(contentsOf: String(read($0.assumingMemoryBound(to: Value.self).pointee)).utf8)
                },
                isTrue: { read($0.assumingMemoryBound(to: Value.self).pointee) != 0 }))
    }

    /// Yes or no, for sections.
    @inlinable
    public func flag(_ name: String, _ read: @escaping @Sendable (Value) -> Bool) -> Fields {
        adding(name, ErasedField(isTrue: { read($0.assumingMemoryBound(to: Value.self).pointee) }))
    }

    /// Markup that is safe already, written as it is. As a section it is true unless empty.
    @inlinable
    public func html(_ name: String, _ read: @escaping @Sendable (Value) -> SafeHTML) -> Fields {
        adding(
            name,
            ErasedField(
                write: { $1.append(contentsOf: read($0.assumingMemoryBound(to: Value.self).pointee).bytes) },
                isTrue: { !read($0.assumingMemoryBound(to: Value.self).pointee).bytes.isEmpty },
                isMarkup: true))
    }

    /// A part that may be missing; its own names count first inside the section.
    @inlinable
    public func section<Part>(
        _ name: String, _ fields: Fields<Part>, _ read: @escaping @Sendable (Value) -> Part?
    ) -> Fields {
        adding(
            name,
            ErasedField(
                isTrue: { read($0.assumingMemoryBound(to: Value.self).pointee) != nil },
                enter: { pointer, visit in
                    guard let part = read(pointer.assumingMemoryBound(to: Value.self).pointee) else { return }
                    withUnsafePointer(to: part) { visit(UnsafeRawPointer($0)) }
                },
                children: fields.table))
    }

    /// A list; the section is shown once a row, the row's names counting first.
    @inlinable
    public func list<Row>(
        _ name: String, _ fields: Fields<Row>, _ read: @escaping @Sendable (Value) -> [Row]
    ) -> Fields {
        adding(
            name,
            ErasedField(
                isTrue: { !read($0.assumingMemoryBound(to: Value.self).pointee).isEmpty },
                enter: { pointer, visit in
                    read(pointer.assumingMemoryBound(to: Value.self).pointee).withUnsafeBufferPointer { rows in
                        guard let first = rows.baseAddress else { return }
                        for index in rows.indices { visit(UnsafeRawPointer(first + index)) }
                    }
                },
                children: fields.table, isList: true))
    }

    /// A part that is always there and whose names are used as if they were this value's own: a shared layout.
    @inlinable
    public func include<Part>(_ fields: Fields<Part>, _ read: @escaping @Sendable (Value) -> Part) -> Fields {
        let enter: ErasedField.Enter = { pointer, visit in
            let part = read(pointer.assumingMemoryBound(to: Value.self).pointee)
            withUnsafePointer(to: part) { visit(UnsafeRawPointer($0)) }
        }
        var copy = self
        for (name, field) in fields.table.entries { copy.table.add(name, field.reached(through: enter)) }
        return copy
    }

    @inlinable
    func adding(_ name: String, _ read: @escaping @Sendable (UnsafeRawPointer) -> String) -> Fields {
        adding(
            name,
            ErasedField(
                write: { HTMLEscaping.append(read($0), to: &$1) },
                writePlain: { $1.append(contentsOf: read($0).utf8) },
                isTrue: { !read($0).isEmpty }))
    }

    @inlinable
    func adding(_ name: String, _ field: ErasedField) -> Fields {
        var copy = self
        copy.table.add(name, field)
        return copy
    }
}

extension Fields where Value == String {
    /// For lists of plain texts: `{{.}}` is the text.
    public static var itself: Fields<String> { Fields().text(".") { $0 } }
}
