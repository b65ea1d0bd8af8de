/// Finds procedures by what people type: without marks, in everyday words, with one letter wrong.
public struct ProcedureSearch: Sendable {
    private struct Entry: Sendable {
        let procedure: Procedure
        let name: String
        let nameWords: [String]
        let keywords: [String]
        let field: String
    }
    private let entries: [Entry]

    /// Prepares `procedures`.
    public init(_ procedures: [Procedure]) {
        entries = procedures.map { procedure in
            let name = TypedText.folded(procedure.name)
            return Entry(
                procedure: procedure, name: name, nameWords: name.split(separator: " ").map(String.init),
                keywords: procedure.keywords.map(TypedText.folded), field: TypedText.folded(procedure.field))
        }
    }

    /// Procedures that fit `query`, best first; the order is the same each time. An empty query fits none.
    public func find(_ query: String) -> [Procedure] {
        let folded = TypedText.folded(String(query.prefix(200)))
        let words = folded.split(separator: " ").prefix(12).map(String.init)
        guard !words.isEmpty else { return [] }
        let compactCode = folded.filter(\.isNumber)
        let scored = entries.compactMap { entry -> (Int, Procedure)? in
            let score = score(entry, folded, words, compactCode)
            return score > 0 ? (score, entry.procedure) : nil
        }
        return scored.sorted { ($0.0, $1.1.code.rawValue) > ($1.0, $0.1.code.rawValue) }.map(\.1)
    }

    private func score(_ entry: Entry, _ query: String, _ words: [String], _ compactCode: String) -> Int {
        if compactCode.count == 7, entry.procedure.code.rawValue.filter(\.isNumber) == compactCode { return 10_000 }
        var score = 0
        if entry.keywords.contains(query) { score += 1000 }
        if entry.name.contains(query) { score += 500 }
        if entry.keywords.contains(where: { $0.contains(query) || query.contains($0) }) { score += 300 }
        if entry.field == query { score += 50 }
        var found = 0
        for word in words {
            if entry.nameWords.contains(word)
                || entry.keywords.contains(where: { $0.split(separator: " ").contains(Substring(word)) })
            {
                found += 2
            } else if word.count >= 4, entry.nameWords.contains(where: { ProcedureSearch.differByOne($0, word) }) {
                found += 1
            }
        }
        // Half of the words must be there, so that one common word alone among five words does not bring everything.
        guard score > 0 || found >= words.count else { return 0 }
        return score + found * 10
    }

    /// One letter more, less, or other.
    static func differByOne(_ left: String, _ right: String) -> Bool {
        let (a, b) = (Array(left), Array(right))
        guard abs(a.count - b.count) <= 1 else { return false }
        var start = 0
        while start < min(a.count, b.count), a[start] == b[start] { start += 1 }
        let restA = a[start...]
        let restB = b[start...]
        if a.count == b.count { return restA.dropFirst().elementsEqual(restB.dropFirst()) }
        return a.count > b.count ? restA.dropFirst().elementsEqual(restB) : restB.dropFirst().elementsEqual(restA)
    }
}
