import Foundation
import Testing

@testable import SocketServer

@Suite struct LineBatchTests {
    private func written(_ write: (inout LineBatch) -> Void) -> String {
        var batch = LineBatch()
        write(&batch)
        var text = ""
        batch.withBytes { text = String(decoding: $0, as: UTF8.self) }
        return text
    }

    @Test func everyNumberIsWrittenAsItIs() {
        var numbers: [UInt64] = [0, .max, .max - 1, 1_732_456_789_012]
        var power: UInt64 = 1
        for _ in 0..<20 {
            numbers += [power - 1, power, power + 1, power &* 7 / 3]
            power &*= 10
        }
        for _ in 0..<2_000 { numbers.append(UInt64.random(in: 0 ... .max) >> UInt64.random(in: 0..<64)) }
        for number in numbers {
            #expect(written { $0.append(decimal: number) } == String(number))
            let digits = String(number, radix: 16)
            #expect(
                written { $0.append(hexadecimal: number) } == String(repeating: "0", count: 16 - digits.count) + digits)
        }
    }

    @Test func everyMillisecondIsWrittenAsItIs() {
        var batch = LineBatch()
        var wanted = ""
        let seconds: [UInt64] = [
            0, 999_999_999, 1_000_000_000, 1_732_456_789, 1_732_456_790, 9_999_999_999, 10_000_000_000,
        ]
        for second in seconds {
            for rest: UInt64 in [0, 7, 42, 100, 999] {
                batch.append(milliseconds: second * 1000 + rest)
                batch.append("\n")
                wanted += "\(second * 1000 + rest)\n"
            }
        }
        batch.withBytes { #expect(String(decoding: $0, as: UTF8.self) == wanted) }
    }

    @Test func everyByteStandsInAStringOfJSON() throws {
        for first in UInt8.min...UInt8.max {
            let letters = Array("abcdefgh".utf8)
            let places = (0...8).map { letters[..<$0] + [first] + letters[$0...] } + [letters + letters + [first]]
            for bytes in [[first], [UInt8(ascii: "a"), first, UInt8(ascii: "b")], [first, first]] + places {
                let line = written { line in
                    line.append("\"")
                    bytes.withUnsafeBytes { line.append(escaping: $0) }
                    line.append("\"")
                }
                let read = try JSONDecoder().decode(String.self, from: Data(line.utf8))
                // Each byte becomes the scalar of its number.
                #expect(read.unicodeScalars.map(\.value) == bytes.map(UInt32.init))
            }
        }
    }

    @Test func linesOutgrowTheirStorageAndStay() {
        var batch = LineBatch()
        var wanted = ""
        for number in 0..<3_000 {
            let text = "line \(number)\n"
            wanted += text
            batch.append(escaping: String(text.dropLast()))
            batch.append("\n")
        }
        batch.withBytes { #expect(String(decoding: $0, as: UTF8.self) == wanted) }
        batch.empty(keepingAtMost: 16)
        #expect(batch.count == 0)
        #expect(batch.capacity == 0)
        batch.append("again")
        batch.withBytes { #expect(String(decoding: $0, as: UTF8.self) == "again") }
    }
}
