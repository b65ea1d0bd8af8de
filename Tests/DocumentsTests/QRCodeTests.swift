import Foundation
import Glibc
import Testing

@testable import Documents

@Suite struct QRCodeTests {
    @Test func isReadBackByAScanner() throws {
        let text = "https://dvc.example.vn/ho-so/H56.31.12-261125-0001?khoa=ABCDEFGHJKMN"
        let modules = try QRCode.modules(text)
        // A portable graymap, eight pixels a module, with the quiet zone.
        let size = (modules.count + 8) * 8
        var pixels = [UInt8](repeating: 255, count: size * size)
        for (row, line) in modules.enumerated() {
            for (column, dark) in line.enumerated() where dark {
                for y in 0..<8 { for x in 0..<8 { pixels[((row + 4) * 8 + y) * size + (column + 4) * 8 + x] = 0 } }
            }
        }
        let file = FileManager.default.temporaryDirectory.appending(path: "qr-\(UUID().uuidString).pgm")
        defer { try? FileManager.default.removeItem(at: file) }
        try (Data("P5 \(size) \(size) 255\n".utf8) + Data(pixels)).write(to: file)
        // Not by Process, which fails beside the thousands of descriptors that other tests hold.
        let scanner = try #require(popen("zbarimg --quiet --raw '\(file.path)'", "re"))
        var line = [CChar](repeating: 0, count: 4096)
        let read = fgets(&line, Int32(line.count), scanner).map { String(cString: $0) } ?? ""
        #expect(pclose(scanner) == 0)
        #expect(read.trimmingCharacters(in: .newlines) == text)
    }

    @Test func escapesItsLabelAndRefusesTheImpossible() throws {
        #expect(try QRCode.svg("a", label: "\"<&>").contains("aria-label=\"&quot;&lt;&amp;&gt;\""))
        #expect(throws: QRCodeError.notEncodable) { try QRCode.svg("", label: "") }
        #expect(throws: QRCodeError.notEncodable) { try QRCode.svg(String(repeating: "a", count: 5000), label: "") }
    }
}
