import HTTPWire

extension Response {
    /// A page.
    public static func html(_ bytes: [UInt8], _ status: Status = .ok) -> Response {
        content(bytes, "text/html; charset=utf-8", status)
    }

    /// Plain text.
    public static func text(_ text: String, _ status: Status = .ok) -> Response {
        content(Array(text.utf8), "text/plain; charset=utf-8", status)
    }

    /// JSON that was encoded already.
    public static func json(_ bytes: [UInt8], _ status: Status = .ok) -> Response {
        content(bytes, "application/json; charset=utf-8", status)
    }

    /// Bytes of any type.
    public static func content(_ bytes: [UInt8], _ type: String, _ status: Status = .ok) -> Response {
        var fields = HeaderFields()
        fields.append(.contentType, type)
        return Response(status, fields: fields, body: .bytes(bytes))
    }

    /// 303: what every successful POST ends in.
    public static func seeOther(_ target: LocalTarget) -> Response {
        redirect(.seeOther, target.text)
    }

    /// 303 to another site, the payment gateway; nil when `address` does not begin with one of `allowed`, each an origin
    /// followed by "/".
    public static func seeOther(outside address: String, allowed: [String]) -> Response? {
        guard HeaderFields.isSafe(address), address.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x5C }),
            allowed.contains(where: { $0.hasSuffix("/") && address.hasPrefix($0) })
        else { return nil }
        return redirect(.seeOther, address)
    }

    static func redirect(_ status: Status, _ location: String) -> Response {
        var fields = HeaderFields()
        fields.append(.location, location)
        return Response(status, fields: fields)
    }

    /// Keeps the body from being compressed: for answers in which a secret and something the client sent stand together,
    /// whose length would tell the secret (BREACH).
    public func keptUncompressed() -> Response {
        var copy = self
        copy.fields.addVary("Accept-Encoding")
        return copy
    }
}

/// An address on this site: a path and perhaps a query. Interpolated values are percent-encoded, so that
/// `"/ho-so/\(code)"` cannot lead anywhere else.
public struct LocalTarget: Sendable, Hashable, ExpressibleByStringInterpolation {
    /// Ready for `Location` and for links.
    public let text: String

    /// Takes an address that came from outside; nil unless it stays on this site.
    public init?(checking text: String) {
        guard text.utf8.first == UInt8(ascii: "/"), !text.hasPrefix("//"), text.utf8.count <= 2048,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x5C })
        else { return nil }
        self.text = text
    }

    /// An address written in the program; traps when it is not local.
    public init(stringLiteral value: String) {
        guard let target = LocalTarget(checking: value) else { preconditionFailure("not a local address: \(value)") }
        self = target
    }

    /// The literal parts as they are, the values encoded.
    public init(stringInterpolation: Interpolation) {
        self.init(stringLiteral: stringInterpolation.text)
    }

    /// Collects the parts.
    public struct Interpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        /// Begins.
        public init(literalCapacity: Int, interpolationCount: Int) {}

        /// A part written in the program.
        public mutating func appendLiteral(_ literal: String) {
            text += literal
        }

        /// A value: everything but unreserved characters is encoded.
        public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
            text += PercentEncoding.encode(value.description)
        }
    }
}
