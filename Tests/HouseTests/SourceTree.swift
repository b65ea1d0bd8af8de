import Foundation

/// The text files of the repository, as the house's rules see them.
struct SourceTree {
    struct File: Sendable, CustomStringConvertible {
        let path: String
        let text: String
        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
        var description: String { path }
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Every file under `folders` with one of `extensions`.
    static func files(under folders: [String], extensions: Set<String>) throws -> [File] {
        var found: [File] = []
        for folder in folders {
            let base = root.appending(path: folder)
            guard let walker = FileManager.default.enumerator(atPath: base.path) else { continue }
            while let relative = walker.nextObject() as? String {
                guard extensions.contains((relative as NSString).pathExtension) else { continue }
                let text = try String(contentsOf: base.appending(path: relative), encoding: .utf8)
                found.append(File(path: folder + "/" + relative, text: text))
            }
        }
        return found.sorted { $0.path < $1.path }
    }

    static func swift(_ folder: String) throws -> [File] {
        try files(under: [folder], extensions: ["swift"])
    }
}
