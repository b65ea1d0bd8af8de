/// Content-Disposition for downloads (RFC 6266), with the name in ASCII and, when that loses letters, in UTF-8 too
/// (RFC 8187).
public enum ContentDisposition {
    /// `type` is `attachment` or `inline`; control characters, quotes, slashes and backslashes leave the name.
    public static func value(type: String, fileName: String) -> String {
        let name = String(
            String.UnicodeScalarView(
                fileName.unicodeScalars.filter { scalar in
                    scalar.value >= 0x20 && scalar.value != 0x7F && !"\"\\/".unicodeScalars.contains(scalar)
                        && !(0x80...0x9F).contains(scalar.value)
                }))
        let plain = String(
            String.UnicodeScalarView(name.unicodeScalars.map { $0.isASCII ? $0 : "_" }))
        let base = "\(type); filename=\"\(plain)\""
        return plain == name ? base : base + "; filename*=UTF-8''\(PercentEncoding.encode(name))"
    }
}
