/// Figures in the text exposition format of Prometheus, version 0.0.4 (prometheus.io, "Exposition formats"). Every name
/// gets the program's prefix.
public struct MetricsText: Sendable {
    /// What a figure is.
    public enum Kind: String, Sendable {
        /// Only grows.
        case counter
        /// Goes up and down.
        case gauge
        /// Counts in buckets.
        case histogram
    }

    /// What was written so far.
    public private(set) var text = ""
    private let prefix: String

    /// `prefix` such as "motcua_".
    public init(prefix: String) {
        self.prefix = prefix
    }

    /// Says what the samples that follow are.
    public mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(prefix)\(name) \(help)\n# TYPE \(prefix)\(name) \(kind.rawValue)\n"
    }

    /// One sample.
    public mutating func sample(_ name: String, _ labels: [(String, String)] = [], _ value: Double) {
        text += prefix + name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0.0)=\"\(MetricsText.escaped($0.1))\"" }.joined(separator: ",") + "}"
        }
        // Whole numbers are written without a fraction.
        text += " " + (value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)) + "\n"
    }

    /// A family of one sample.
    public mutating func single(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        family(name, kind, help)
        sample(name, [], value)
    }

    /// A histogram's samples. `bounds` are in microseconds, in ascending order; `counts` has one more, for all above.
    public mutating func histogram(
        _ name: String, _ labels: [(String, String)], bounds: [UInt64], counts: [UInt64], microseconds: UInt64
    ) {
        var sum: UInt64 = 0
        for (index, count) in counts.enumerated() {
            sum += count
            let bound = index < bounds.count ? String(Double(bounds[index]) / 1e6) : "+Inf"
            sample(name + "_bucket", labels + [("le", bound)], Double(sum))
        }
        sample(name + "_sum", labels, Double(microseconds) / 1e6)
        sample(name + "_count", labels, Double(sum))
    }

    private static func escaped(_ label: String) -> String {
        var text = ""
        for character in label {
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.append(character)
            }
        }
        return text
    }
}
