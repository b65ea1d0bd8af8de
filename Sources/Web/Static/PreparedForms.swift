import HTTPWire
import Synchronization

/// One file's answers in bytes, in each form and for each line that was asked for so far.
final class PreparedForms: Sendable {
    private let headers: SecurityHeaders
    /// Three forms, each for plain and for secure lines.
    private let made = Mutex([PreparedResponse?](repeating: nil, count: 6))

    init(_ headers: SecurityHeaders) { self.headers = headers }

    /// The answer; `make` makes it, without its security fields, the first time. It must be the same each time.
    func answer(_ coding: ContentCoding?, isSecure: Bool, make: () -> Response) -> PreparedResponse {
        let form =
            switch coding {
            case nil: 0
            case .gzip: 2
            case .brotli: 4
            }
        let place = isSecure ? form + 1 : form
        return made.withLock { made in
            if let prepared = made[place] { return prepared }
            var response = make()
            headers.complete(&response, isSecure: isSecure)
            let prepared = PreparedResponse(response)
            made[place] = prepared
            return prepared
        }
    }
}
