import Foundation
import Testing

/// Rules of the house that no formatter knows.
@Suite struct StyleTests {
    @Test func filesStaySmall() throws {
        for file in try SourceTree.swift("Sources") {
            #expect(file.lines.count <= 401, "\(file.path) has \(file.lines.count) lines: look for the second noun")
        }
    }

    @Test func functionsFitOneScreen() throws {
        for file in try SourceTree.swift("Sources") {
            for (name, length) in StyleTests.functions(in: file) {
                #expect(length <= 70, "\(file.path): \(name) has \(length) lines")
            }
        }
    }

    /// Functions by indentation: from the line with `func` to the closing brace in the same column.
    static func functions(in file: SourceTree.File) -> [(name: String, length: Int)] {
        var found: [(String, Int)] = []
        let lines = file.lines
        for (start, line) in lines.enumerated() {
            let body = line.drop { $0 == " " }
            let words = body.split(separator: " ")
            guard let position = words.firstIndex(of: "func"), words.count > position + 1, !body.hasPrefix("//") else {
                continue
            }
            let closing = String(repeating: " ", count: line.count - body.count) + "}"
            if line.hasSuffix("}") { continue }
            guard let end = lines[start...].firstIndex(where: { $0 == closing }) else { continue }
            found.append((String(words[position + 1]), end - start + 1))
        }
        return found
    }

    @Test func sourcesSpeakEnglish() throws {
        for file in try SourceTree.swift("Sources") {
            let letters = file.text.unicodeScalars.filter { !$0.isASCII && $0.properties.isAlphabetic }
            #expect(letters.isEmpty, "\(file.path): \(String(String.UnicodeScalarView(letters.prefix(20))))")
        }
    }

    @Test func nothingIsLeftForLater() throws {
        // Spelt in two parts so that this file does not find itself.
        let words = ["FIX" + "ME", "TO" + "DO", "XX" + "X", "try" + "!", " as" + "! ", "fatal" + "Error("]
        for file in try SourceTree.swift("Sources") + SourceTree.swift("Tests") {
            for word in words {
                #expect(!file.text.contains(word), "\(file.path) has \(word)")
            }
        }
    }

    /// A promise to the compiler names the guard that keeps it.
    @Test func promisesAreExplained() throws {
        for file in try SourceTree.swift("Sources") {
            let lines = file.lines
            for (index, line) in lines.enumerated()
            where line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)") {
                let around = lines[max(0, index - 4)...index]
                #expect(around.contains { $0.contains("//") }, "\(file.path):\(index + 1) promises without a reason")
            }
        }
    }

    @Test func textIsComposed() throws {
        let folders = ["Sources", "Tests", "Templates", "Catalogue", "Public", "Docs"]
        let kinds: Set<String> = ["swift", "html", "json", "json5", "css", "js", "md", "svg"]
        for file in try SourceTree.files(under: folders, extensions: kinds) {
            #expect(
                file.text.unicodeScalars.elementsEqual(file.text.precomposedStringWithCanonicalMapping.unicodeScalars),
                "\(file.path) is not NFC")
            #expect(
                !file.text.unicodeScalars.contains {
                    (0x01A2...0x01A3).contains($0.value) && !file.path.contains("Tests")
                }, "\(file.path) has U+01A3")
        }
    }

    @Test func pagesEscapeEverything() throws {
        for file in try SourceTree.files(under: ["Templates"], extensions: ["html"]) {
            #expect(!file.text.contains("{{{") && !file.text.contains("{{&"), "\(file.path) writes unescaped")
            #expect(
                !file.text.contains("<script>") && !file.text.contains(" style=\"") && !file.text.contains(" onclick="),
                "\(file.path) has inline code")
        }
    }
}
