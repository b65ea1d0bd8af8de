import PublicService
import Store

/// What people look for here and is done elsewhere: `Catalogue/signposts.json5`.
struct SignPosts: Codable, Sendable {
    struct Post: Codable, Sendable {
        /// Everyday words, compared without marks and case.
        var words: [String]
        /// Where to go.
        var says: String
        /// The text that says so.
        var source: String
    }

    var signposts: [Post]

    /// Reads them; throws when the file is missing or malformed.
    static func read(_ folder: String) throws -> SignPosts {
        try CatalogueReader.decode(SignPosts.self, folder, "signposts.json5")
    }

    /// Where to go for `query`, with the source; empty when it names nothing of the list as whole words.
    func directions(for query: String) -> [String] {
        let asked = " " + TypedText.folded(query) + " "
        return signposts.filter { post in
            post.words.contains { asked.contains(" " + TypedText.folded($0) + " ") }
        }.map { "\($0.says) (\($0.source))" }
    }
}
