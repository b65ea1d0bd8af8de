import HTTPWire
import Synchronization

/// One file's answers in bytes, in each form and for each line that was asked for so far: at most six.
final class PreparedForms: Sendable {
    private struct Form: Hashable {
        let coding: ContentCoding?
        let isSecure: Bool
    }

    private let headers: SecurityHeaders
    private let made = Mutex<[Form: PreparedResponse]>([:])

    init(_ headers: SecurityHeaders) { self.headers = headers }

    /// The answer in bytes; `make` makes it, without its security fields, the first time. It must be the same each time.
    func response(_ coding: ContentCoding?, isSecure: Bool, make: () -> Response) -> Response {
        made.withLock { made in
            let form = Form(coding: coding, isSecure: isSecure)
            if let prepared = made[form] { return prepared.response }
            var response = make()
            headers.complete(&response, isSecure: isSecure)
            let prepared = PreparedResponse(response)
            made[form] = prepared
            return prepared.response
        }
    }
}
