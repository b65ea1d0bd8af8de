import Glibc

/// What belongs to whole paths, found by their bytes: no text is made and nothing is split. Built once.
struct PathTable<Value: Sendable>: Sendable {
    private struct Entry: Sendable {
        let path: [UInt8]
        let value: Value
    }

    /// By length, then by bytes.
    private let entries: [Entry]

    init(_ values: [String: Value]) {
        entries = values.map { Entry(path: Array($0.key.utf8), value: $0.value) }
            .sorted { left, right in left.path.withUnsafeBytes { PathTable.order(right.path, $0) > 0 } }
    }

    /// The value of a path that is spelled exactly so.
    func find(_ path: UnsafeRawBufferPointer) -> Value? {
        var first = 0
        var end = entries.count
        while first < end {
            let middle = (first + end) / 2
            let order = PathTable.order(entries[middle].path, path)
            if order == 0 { return entries[middle].value }
            if order < 0 { first = middle + 1 } else { end = middle }
        }
        return nil
    }

    /// Negative when `own` stands before `path`.
    private static func order(_ own: [UInt8], _ path: UnsafeRawBufferPointer) -> Int {
        guard own.count == path.count, let bytes = path.baseAddress else { return own.count - path.count }
        return own.withUnsafeBytes { own in own.baseAddress.map { Int(memcmp($0, bytes, path.count)) } ?? 0 }
    }
}
