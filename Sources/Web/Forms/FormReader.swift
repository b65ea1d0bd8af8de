import HTTPWire

/// Reads a form from a request's body.
enum FormReader {
    /// The form, its token checked. Throws `Refused`: 415 for another content type, 400 for what is no form,
    /// 403 without a valid token, 413 beyond the limits; `Overloaded` when `share` has no room for its texts.
    static func read(_ exchange: Exchange, _ rules: FormRules, _ share: BodyShare) async throws -> Form {
        let type = MediaType(exchange.head.fields[.contentType] ?? "")
        switch type?.name {
        case "application/x-www-form-urlencoded":
            return try await readURLEncoded(exchange, rules, share)
        case "multipart/form-data":
            guard let boundary = type?.parameter("boundary"), let parser = MultipartParser(boundary: boundary) else {
                throw Refused(.badRequest, "multipart without a boundary")
            }
            var reader = MultipartFormReader(exchange, rules, share, parser)
            return try await reader.read()
        default:
            throw Refused(.unsupportedMediaType, "not a form")
        }
    }

    private static func readURLEncoded(
        _ exchange: Exchange, _ rules: FormRules, _ share: BodyShare
    ) async throws -> Form {
        let bytes = try await share.collect(exchange.body, upTo: rules.bodyLimit)
        let pairs: [NamedValues.Pair]
        do {
            pairs = try NamedValues(decoding: bytes, limit: rules.fieldLimit + 1).pairs
        } catch .tooMany {
            throw Refused(.contentTooLarge, "too many fields")
        } catch {
            throw Refused(.badRequest, "malformed form: \(error)")
        }
        try checkToken(pairs.first { $0.name == CSRFToken.fieldName }?.value, exchange)
        var fields: [Form.Field] = []
        for pair in pairs where pair.name != CSRFToken.fieldName {
            guard pair.value.utf8.count <= rules.valueByteLimit else {
                throw Refused(.contentTooLarge, "a field is too long")
            }
            fields.append(try field(pair.name, Array(pair.value.utf8)))
        }
        return Form(fields: fields, files: [])
    }

    /// The token may stand in the form or in a header field.
    static func checkToken(_ token: String?, _ exchange: Exchange) throws(Refused) {
        guard let token = token ?? exchange.head.fields[CSRFToken.headerName], exchange.isValid(csrf: token) else {
            throw Refused(.forbidden, "no valid form token")
        }
    }

    static func field(_ name: String, _ bytes: [UInt8]) throws(Refused) -> Form.Field {
        guard name.utf8.count <= 256, !name.isEmpty else { throw Refused(.badRequest, "bad field name") }
        guard let text = String(validating: TextRules.unifiedLineEnds(bytes), as: UTF8.self) else {
            throw Refused(.badRequest, "a field is not UTF-8")
        }
        return Form.Field(name: name, value: text)
    }
}
