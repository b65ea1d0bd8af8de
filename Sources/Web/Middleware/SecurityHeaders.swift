import HTTPWire

/// The fields that every answer carries to tell browsers what not to do (OWASP ASVS 5.0 §3.4). A handler's own field of
/// the same name wins: downloads bring a stricter policy, public pages another Cache-Control.
public struct SecurityHeaders: Middleware {
    private let plain: [HeaderFields.Field]
    private let secure: [HeaderFields.Field]

    /// The policy without inline script or style; `formTargets` are the origins that a form may lead to besides this one,
    /// such as the payment gateway after its redirect.
    public init(formTargets: [String] = []) {
        let formAction = (["'self'"] + formTargets).joined(separator: " ")
        let policy =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
            + "connect-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; "
            + "form-action \(formAction); frame-ancestors 'none'"
        var fields = HeaderFields()
        fields.append(.contentSecurityPolicy, policy)
        fields.append(FieldName(unchecked: "X-Content-Type-Options"), "nosniff")
        fields.append(FieldName(unchecked: "Referrer-Policy"), "strict-origin-when-cross-origin")
        fields.append(FieldName(unchecked: "Cross-Origin-Opener-Policy"), "same-origin")
        fields.append(FieldName(unchecked: "Cross-Origin-Resource-Policy"), "same-origin")
        fields.append(
            FieldName(unchecked: "Permissions-Policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
        fields.append(.cacheControl, "no-store")
        plain = fields.fields
        fields.append(FieldName(unchecked: "Strict-Transport-Security"), "max-age=31536000; includeSubDomains")
        secure = fields.fields
    }

    /// Adds what the answer does not have yet.
    public func leave(_ exchange: Exchange, _ response: inout Response) {
        complete(&response, isSecure: exchange.peer.isSecure)
    }

    /// The same, ahead of time, for answers that are kept.
    public func complete(_ response: inout Response, isSecure: Bool) {
        // Prepared answers were completed when they were made.
        guard response.prepared == nil else { return }
        response.fields.complete(with: isSecure ? secure : plain)
    }
}
