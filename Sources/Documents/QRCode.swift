import CQREncode

/// Why a text has no QR code.
public enum QRCodeError: Error, Sendable, Hashable {
    /// Longer than a code can hold, or empty.
    case notEncodable
}

/// QR codes (ISO/IEC 18004) by libqrencode, error correction level M.
public enum QRCode {
    /// The modules row by row, dark is true, without quiet zone.
    public static func modules(_ text: String) throws(QRCodeError) -> [[Bool]] {
        guard !text.isEmpty, let code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M) else { throw .notEncodable }
        defer { QRcode_free(code) }
        let width = Int(code.pointee.width)
        guard let data = code.pointee.data else { throw .notEncodable }
        return (0..<width).map { row in (0..<width).map { column in data[row * width + column] & 1 == 1 } }
    }

    /// The code as inline SVG with a quiet zone of four modules; `label` is read out by screen readers and is escaped.
    public static func svg(_ text: String, label: String) throws(QRCodeError) -> String {
        let modules = try modules(text)
        let size = modules.count + 8
        var path = ""
        for (row, line) in modules.enumerated() {
            var column = 0
            while column < line.count {
                guard line[column] else {
                    column += 1
                    continue
                }
                var end = column
                while end < line.count, line[end] { end += 1 }
                path += "M\(column + 4) \(row + 4)h\(end - column)v1h-\(end - column)z"
                column = end
            }
        }
        let escaped = label.map { character -> String in
            switch character {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            default: String(character)
            }
        }.joined()
        return
            "<svg role=\"img\" aria-label=\"\(escaped)\" width=\"168\" height=\"168\" viewBox=\"0 0 \(size) \(size)\" "
            + "shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h\(size)v\(size)H0z\"/>"
            + "<path fill=\"#000\" d=\"\(path)\"/></svg>"
    }
}
