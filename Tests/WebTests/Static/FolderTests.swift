import Foundation
import Testing

@testable import Web

/// A folder that goes away with the test.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/web-tests-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    func folder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: false)
    }

    func file(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name))
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

@Suite struct FolderTests {
    @Test func readsTemplatesAndPublicFilesFromTheDisk() throws {
        let folder = try TemporaryFolder()
        try folder.folder("shared")
        try folder.file("page.html", Array("{{>shared/head}}{{title}}".utf8))
        try folder.file("shared/head.html", Array("<!doctype html>".utf8))
        try folder.file("shared/notes.md", Array("{{{".utf8))
        try folder.file(".hidden.html", Array("{{{".utf8))
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/leak.html", withDestinationPath: "/etc/passwd")
        let pages = try TemplateLibrary.load(folder.path).compile([OraclePage.self])
        #expect(String(decoding: pages.render(OraclePage(title: "A")), as: UTF8.self) == "<!doctype html>A")
        let files = try StaticFiles.load(folder.path).all
        #expect(files.keys.sorted() == ["page.html", "shared/head.html", "shared/notes.md"])
    }

    @Test func saysWhichFolderIsMissing() {
        #expect(throws: FolderError.self) { try TemplateLibrary.load("/nonexistent/templates") }
    }

    @Test func refusesTemplatesThatAreNotUTF8() throws {
        let folder = try TemporaryFolder()
        try folder.file("page.html", [0xFF])
        #expect(throws: TemplateError.self) { try TemplateLibrary.load(folder.path) }
    }
}
