import HTTPWire
import Testing

@testable import Web

@Suite struct SecureRedirectTests {
    private struct Well: Responder {
        func answer(_ head: RequestHead, from peer: Peer) -> Answer { .ready(.text("well: " + head.path)) }
    }

    private func answer(
        _ method: Method, _ path: String, query: String? = nil, site: String = "https://xa.example.vn"
    ) throws -> Response {
        var fields = HeaderFields()
        fields.append(.host, "evil.example")
        let head = RequestHead(method: method, path: path, query: query, fields: fields)
        let answer = SecureRedirect(to: site, health: Well()).answer(
            head, from: Peer(address: "192.0.2.1", isSecure: false))
        guard case .ready(let response) = answer else { throw Unexpected() }
        return response
    }

    private struct Unexpected: Error {}

    @Test(
        arguments: [
            ("/", nil, "https://xa.example.vn/"),
            ("/thu-tuc", "tu-khoa=%C4%91%E1%BA%A5t", "https://xa.example.vn/thu-tuc?tu-khoa=%C4%91%E1%BA%A5t"),
            ("//evil.example/", nil, "https://xa.example.vn//evil.example/"), ("/a", "", "https://xa.example.vn/a?"),
            ("/healthz/x", nil, "https://xa.example.vn/healthz/x"),
        ] as [(String, String?, String)])
    func leadsToTheSameAddressOnTheSecureSite(_ path: String, _ query: String?, _ location: String) throws {
        for method in [Method.get, .head] {
            for site in ["https://xa.example.vn", "https://xa.example.vn/"] {
                let response = try answer(method, path, query: query, site: site)
                #expect(response.status == .movedPermanently)
                #expect(response.fields[.location] == location)
                #expect(
                    response.fields[FieldName(unchecked: "Strict-Transport-Security")] == nil, "RFC 6797 section 7.2")
                #expect(response.fields[.contentSecurityPolicy] != nil)
            }
        }
    }

    @Test func doesNotHideThatContentWasSentInTheClear() throws {
        for method in [Method.post, .put, .delete] {
            let response = try answer(method, "/ho-so")
            #expect(response.status == .methodNotAllowed)
            #expect(response.fields[.allow] == "GET, HEAD, OPTIONS")
            #expect(response.fields[.location] == nil)
        }
    }

    @Test func answersHealthAndOptionsItself() throws {
        #expect(try answer(.get, "/healthz").status == .ok)
        #expect(try answer(.get, "/readyz").status == .ok)
        for path in ["/", "*"] {
            let options = try answer(.options, path)
            #expect(options.status == .noContent)
            #expect(options.fields[.allow] == "GET, HEAD, OPTIONS")
        }
        #expect(try answer(.get, "*").status == .badRequest)
    }
}
