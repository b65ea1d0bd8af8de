/// The sender's name for a file, made fit to be shown and offered for download.
enum FileName {
    private static let characterLimit = 120

    /// Without folders, control and direction characters, leading dots and surrounding spaces; at most 120 characters,
    /// of which the extension is kept; "file" when nothing remains.
    static func cleaned(_ sent: String) -> String {
        let base = sent.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? ""
        let scalars = base.unicodeScalars.filter { scalar in
            !TextRules.isControl(scalar) && !TextRules.isDirectionControl(scalar) && scalar != "\t" && scalar != "\n"
        }
        let name = String(String.UnicodeScalarView(scalars)).drop { $0 == "." || $0 == " " }
        let trimmed = String(name.reversed().drop { $0 == " " || $0 == "." }.reversed())
        guard !trimmed.isEmpty else { return "file" }
        guard trimmed.count > characterLimit else { return trimmed }
        guard let dot = trimmed.lastIndex(of: "."), trimmed.distance(from: dot, to: trimmed.endIndex) <= 11 else {
            return String(trimmed.prefix(characterLimit))
        }
        let ending = trimmed[dot...]
        return String(trimmed[..<dot].prefix(characterLimit - ending.count)) + ending
    }
}
