/// The sender's name for a file, made fit to be shown and offered for download.
enum FileName {
    private static let characterLimit = 120
    /// A character may be one letter with a thousand marks.
    private static let byteLimit = 1024

    /// Without folders, control and direction characters, leading dots and surrounding spaces; at most 120 characters and
    /// 1 024 bytes, of which the extension is kept; "file" when nothing remains.
    static func cleaned(_ sent: String) -> String {
        let base = sent.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? ""
        let scalars = base.unicodeScalars.filter { scalar in
            !TextRules.isControl(scalar) && !TextRules.isDirectionControl(scalar) && scalar != "\t" && scalar != "\n"
        }
        let name = String(String.UnicodeScalarView(scalars)).drop { $0 == "." || $0 == " " }
        let trimmed = String(name.reversed().drop { $0 == " " || $0 == "." }.reversed())
        guard !trimmed.isEmpty else { return "file" }
        guard trimmed.count > characterLimit || trimmed.utf8.count > byteLimit else { return trimmed }
        var (stem, ending) = (trimmed[...], Substring())
        if let dot = trimmed.lastIndex(of: "."), trimmed[dot...].count <= 11, trimmed[dot...].utf8.count <= 44 {
            (stem, ending) = (trimmed[..<dot], trimmed[dot...])
        }
        stem = stem.prefix(characterLimit - ending.count)
        while stem.utf8.count + ending.utf8.count > byteLimit { stem.removeLast() }
        return (stem.isEmpty ? "file" : String(stem)) + ending
    }
}
