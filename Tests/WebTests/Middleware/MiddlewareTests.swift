import HTTPWire
import Synchronization
import Testing

@testable import Web

private final class Diary: Sendable {
    private let held = Mutex<[String]>([])
    func write(_ line: String) { held.withLock { $0.append(line) } }
    var lines: [String] { held.withLock { $0 } }
}

private struct Step: WaitingMiddleware {
    let name: String
    let diary: Diary
    var stops = false

    func enter(_ exchange: inout Exchange) throws -> Response? {
        diary.write("enter " + name)
        return stops ? .text("stopped") : nil
    }
    func enterWaiting(_ exchange: inout Exchange) async throws -> Response? {
        diary.write("wait " + name)
        return nil
    }
    func leave(_ exchange: Exchange, _ response: inout Response) {
        diary.write("leave " + name)
    }
}

@Suite struct MiddlewareTests {
    @Test func runsInOrderAndBack() async {
        let diary = Diary()
        let steps = ["a", "b"].map { Step(name: $0, diary: diary) }
        let site = TestClient(router(middleware: steps) { $0.get("/") { _ in .text("x") } })
        _ = await site.get("/")
        #expect(diary.lines == ["enter a", "enter b", "wait a", "wait b", "leave b", "leave a"])
    }

    @Test func aStepThatAnswersEndsTheRequestAndEveryStepCompletesIt() async {
        let diary = Diary()
        let steps = [Step(name: "a", diary: diary, stops: true), Step(name: "b", diary: diary)]
        let site = TestClient(router(middleware: steps) { $0.get("/") { _ in .text("x") } })
        #expect(await site.get("/").text == "stopped")
        #expect(diary.lines == ["enter a", "leave b", "leave a"])
    }

    @Test func everyAnswerCarriesTheSecurityFields() async {
        let declare: (inout Routes) -> Void = { routes in
            routes.getReady("/") { _ in .text("x") }
            routes.get("/fails") { _ in throw Refused(.forbidden) }
            routes.get("/own") { _ in
                var response = Response.text("x")
                response.fields.set(.contentSecurityPolicy, "sandbox")
                response.fields.set(.cacheControl, "private, no-store")
                return response
            }
        }
        let router = router(middleware: [SecurityHeaders(formTargets: ["https://bank.example"])], declare)
        let site = TestClient(router)
        for path in ["/", "/fails", "/nothing", "/%zz"] {
            let fields = await site.get(path).fields
            let policy = fields[.contentSecurityPolicy] ?? ""
            #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
            #expect(policy.contains("form-action 'self' https://bank.example;"))
            #expect(!policy.contains("unsafe"))
            #expect(fields[FieldName(unchecked: "X-Content-Type-Options")] == "nosniff")
            #expect(fields[.cacheControl] == "no-store")
            #expect(fields[FieldName(unchecked: "Referrer-Policy")] != nil)
            #expect(fields[FieldName(unchecked: "Cross-Origin-Opener-Policy")] == "same-origin")
            #expect(fields[FieldName(unchecked: "Permissions-Policy")] != nil)
            #expect(fields[FieldName(unchecked: "Strict-Transport-Security")]?.hasPrefix("max-age=31536000") == true)
        }
        let own = await site.get("/own").fields
        #expect(own.values(of: .contentSecurityPolicy) == ["sandbox"])
        #expect(own.values(of: .cacheControl) == ["private, no-store"])
        let plain = await TestClient(router, isSecure: false).get("/").fields
        #expect(plain[FieldName(unchecked: "Strict-Transport-Security")] == nil)
    }
}
