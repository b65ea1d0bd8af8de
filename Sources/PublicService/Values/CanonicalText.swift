// The standard library's own normal forms (Unicode annex 15). It offers them to Foundation under this name alone;
// Foundation's offer of the same would bring ICU's forty megabytes (Docs/decisions/0011).
@_spi(_Unicode) import Swift

extension String {
    /// In normal form C: letters and their marks as one scalar where there is one.
    public var composed: String {
        var scalars = String.UnicodeScalarView()
        for scalar in _nfc { scalars.append(scalar) }
        return String(scalars)
    }

    /// In normal form D: letters and their marks as scalars of their own.
    public var decomposed: String {
        var scalars = String.UnicodeScalarView()
        for scalar in _nfd { scalars.append(scalar) }
        return String(scalars)
    }

    /// Every decimal digit, whatever its script or width, as 0 to 9; the other full-width signs of ASCII (U+FF01 to
    /// U+FF5E) as ASCII's, and every white space as a space.
    public var plainSigns: String {
        var scalars = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            let properties = scalar.properties
            if properties.numericType == .decimal, let value = properties.numericValue,
                let digit = Unicode.Scalar(0x30 + UInt32(value))
            {
                scalars.append(digit)
            } else if (0xFF01...0xFF5E).contains(scalar.value), let plain = Unicode.Scalar(scalar.value - 0xFEE0) {
                scalars.append(plain)
            } else {
                scalars.append(properties.isWhitespace ? " " : scalar)
            }
        }
        return String(scalars)
    }
}

extension StringProtocol {
    /// Without white space at its ends (Unicode's White_Space: tabs, ends of lines and no-break spaces too).
    public var trimmed: String {
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(String.UnicodeScalarView(scalars[first...last]))
    }
}
