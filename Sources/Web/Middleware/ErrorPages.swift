import HTTPWire
import Platform

/// Something nobody foresaw, told to the log under the code that the person sees.
public struct Incident: Sendable {
    /// Short, without letters and digits that sound or look alike, so that it can be read out on the telephone.
    public let code: String
    /// What was thrown.
    public let error: any Error
    /// The method of the request.
    public let method: Method
    /// The route's pattern, not the path: paths may name people.
    public let pattern: String?
    /// The request's number.
    public let exchangeNumber: UInt64
}

/// What an error page has to say.
public struct ErrorPage: Sendable, Hashable {
    /// The status.
    public let status: Status
    /// For unforeseen errors: the code that also stands in the log.
    public let incidentCode: String?

    /// Says what happened.
    public init(status: Status, incidentCode: String? = nil) {
        self.status = status
        self.incidentCode = incidentCode
    }
}

/// The one place where errors become answers.
public struct ErrorPages: Sendable {
    private let render: @Sendable (Exchange, ErrorPage) -> Response
    private let classify: @Sendable (any Error) -> Refused?
    private let log: @Sendable (Incident) -> Void

    /// `render` makes the page; `classify` knows the errors of other rooms (a full store is a 503 with Retry-After);
    /// `log` is told of what remains.
    public init(
        render: @escaping @Sendable (Exchange, ErrorPage) -> Response = ErrorPages.plain,
        classify: @escaping @Sendable (any Error) -> Refused? = { _ in nil },
        log: @escaping @Sendable (Incident) -> Void
    ) {
        self.render = render
        self.classify = classify
        self.log = log
    }

    /// The answer to a thrown error.
    func response(to error: any Error, _ exchange: Exchange) -> Response {
        if let refused = refusal(error) {
            var response = render(exchange, ErrorPage(status: refused.status, incidentCode: nil))
            if let seconds = refused.retryAfterSeconds { response.fields.set(.retryAfter, String(seconds)) }
            return response
        }
        let incident = Incident(
            code: ErrorPages.newCode(), error: error, method: exchange.head.method,
            pattern: exchange.route?.pattern.description, exchangeNumber: exchange.number)
        log(incident)
        return render(exchange, ErrorPage(status: .internalServerError, incidentCode: incident.code))
    }

    /// The answer without an error: nothing is there, or not like this.
    func response(_ status: Status, _ exchange: Exchange) -> Response {
        render(exchange, ErrorPage(status: status, incidentCode: nil))
    }

    private func refusal(_ error: any Error) -> Refused? {
        switch error {
        case let refused as Refused: refused
        case BodyError.tooLarge: Refused(.contentTooLarge)
        case BodyError.incomplete: Refused(.badRequest)
        case is Overloaded: Refused(.serviceUnavailable, "overloaded", retryAfterSeconds: 5)
        default: classify(error)
        }
    }

    /// A page in plain text, for programs and tests.
    @Sendable
    public static func plain(_ exchange: Exchange, _ page: ErrorPage) -> Response {
        var text = "\(page.status.code) \(page.status.reason)\n"
        if let code = page.incidentCode { text += code + "\n" }
        return .text(text, page.status)
    }

    /// Eight of 24 signs in two groups: 2^36 codes, enough to find one line of a log.
    private static func newCode() -> String {
        let signs = Array("ACDEFHJKLMNPRTUVWXY34679".utf8)
        let picked = SecureRandom.bytes(8).map { signs[Int($0) % signs.count] }
        return String(decoding: picked[..<4], as: UTF8.self) + "-" + String(decoding: picked[4...], as: UTF8.self)
    }
}
