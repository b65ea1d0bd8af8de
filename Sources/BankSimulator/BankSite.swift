import FoundationEssentials
import Gateways
import HTTPWire
import Platform
import PublicService
import Synchronization
import Web

/// The simulated bank's pages and calls.
public final class BankSite: Sendable {
    private let bank: Mutex<Bank>
    private let ipnAddress: String
    private let client: HTTPClient
    private let clock: any WallClock
    private let pages: TemplateSet
    private let files: StaticFiles
    private let words: [String: String]
    private let returnOrigin: String
    private let retrySeconds: Double
    private let journal: @Sendable (String) -> Void
    /// Orders' page tokens: a stranger cannot decide another's order by its guessable reference.
    private let tokenKey = SecureRandom.bytes(32)

    /// Reads `Templates/bank` and `Public` below `resources`. Blocks. `journal` gets a JSON line for each event.
    public init(
        _ bank: Bank, ipnAddress: String, returnPrefix: String, resources: String, words: [String: String],
        clock: any WallClock,
        retrySeconds: Double, client: HTTPClient, journal: @escaping @Sendable (String) -> Void
    ) throws {
        self.bank = Mutex(bank)
        self.ipnAddress = ipnAddress
        self.client = client
        self.clock = clock
        self.words = words
        self.retrySeconds = retrySeconds
        self.journal = journal
        returnOrigin = returnPrefix.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).prefix(3)
            .joined(separator: "/")
        pages = try TemplateLibrary.load(resources + "/Templates/bank").compile([PayPage.self, BankMessagePage.self])
        files = try StaticFiles.load(resources + "/Public")
    }

    /// The site.
    public func site() -> Router {
        var routes = Routes()
        let headers = SecurityHeaders(formTargets: [returnOrigin])
        files.mount(on: &routes, headers: headers)
        routes.getReady("/healthz") { _ in .text("ok\n") }
        routes.getReady("/") { [self] _ in message("home", "homeText") }
        routes.program(.get, "/paymentv2/vpcpay.html", bodyLimit: 0) { [self] in payPage($0) }
        routes.program(.post, "/paymentv2/tra-tien", bodyLimit: 4096) { [self] in try await decide($0) }
        routes.program(.post, "/merchant_webapi/api/transaction", bodyLimit: 16_384) { [self] in try await answer($0) }
        return Router(routes, middleware: [headers], errors: ErrorPages(log: { _ in }))
    }

    private func payPage(_ exchange: Exchange) -> Response {
        let at = clock.now()
        let outcome = bank.withLock { bank in
            Result { () throws(Bank.Refusal) in try bank.open(exchange.head.query ?? "", at: at) }
        }
        switch outcome {
        case .failure(let refusal): return message("refusedTitle", refusal.rawValue, .badRequest)
        case .success(let order):
            note("opened", order)
            if order.choice != nil { return back(order) }
            let page = PayPage(
                frame: frame("payTitle"), order: order, token: token(order.reference),
                expires: LocalMinute(order.expires).clock + " " + LocalMinute(order.expires).date.shown)
            return .html(pages.render(page))
        }
    }

    private func decide(_ exchange: Exchange) async throws -> Response {
        let bytes = try await exchange.body.collect(upTo: 4096)
        guard let form = try? NamedValues(decoding: bytes), let text = form["ma"], let reference = reference(of: text),
            let choice = form["viec"].flatMap({ Bank.Choice(rawValue: $0) })
        else { return message("refusedTitle", "badOrder", .badRequest) }
        let at = clock.now()
        let outcome = bank.withLock { bank in
            Result { () throws(Bank.Refusal) in try bank.decide(reference, choice, at: at) }
        }
        switch outcome {
        case .failure(let refusal): return message("refusedTitle", refusal.rawValue, .conflict)
        case .success((let order, let isNew)):
            if isNew {
                note("decided", order)
                // The call goes first, as at the real gateway, but nobody waits for a merchant that is down.
                let call = Task { await callMerchant(order) }
                await BankSite.wait(for: call, seconds: 3)
            }
            return back(order)
        }
    }

    private func answer(_ exchange: Exchange) async throws -> Response {
        let bytes = try await exchange.body.collect(upTo: 16_384)
        guard let question = try? JSONDecoder().decode([String: String].self, from: Data(bytes)),
            let answer = bank.withLock({ $0.answer(question) }), let data = try? JSONEncoder().encode(answer)
        else { return .json(Array(#"{"vnp_ResponseCode":"97","vnp_Message":"Invalid signature"}"#.utf8)) }
        return .json(Array(data))
    }

    /// At most ten calls, until the merchant answers 00 or 02.
    private func callMerchant(_ order: Bank.Order) async {
        let address = ipnAddress + "?" + bank.withLock { $0.notice(of: order) }
        for attempt in 1...10 {
            let reply = try? await client.get(address)
            let said = reply.flatMap { try? JSONDecoder().decode([String: String].self, from: Data($0.body)) }?[
                "RspCode"]
            note("called", order, ["attempt": String(attempt), "answer": said ?? "none"])
            if said == "00" || said == "02" { return }
            try? await Task.sleep(for: .seconds(retrySeconds))
        }
    }

    /// Returns when the call has ended or the time has passed; the call itself goes on.
    private static func wait(for call: Task<Void, Never>, seconds: Double) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let waiting = FirstOnly(continuation)
            Task {
                await call.value
                waiting.resume()
            }
            Task {
                try? await Task.sleep(for: .seconds(seconds))
                waiting.resume()
            }
        }
    }

    private func back(_ order: Bank.Order) -> Response {
        let separator = order.returnAddress.contains("?") ? "&" : "?"
        let address = order.returnAddress + separator + bank.withLock { $0.notice(of: order) }
        return Response.seeOther(outside: address, allowed: [returnOrigin + "/"])
            ?? message("refusedTitle", "badReturn", .badRequest)
    }

    private func token(_ reference: String) -> String {
        reference + "." + MessageAuthentication.sha256(key: tokenKey, Array(reference.utf8)).hex
    }

    private func reference(of token: String) -> String? {
        guard let dot = token.lastIndex(of: ".") else { return nil }
        let reference = String(token[..<dot])
        return MessageAuthentication.equal(Array(self.token(reference).utf8), Array(token.utf8)) ? reference : nil
    }

    private func note(_ event: String, _ order: Bank.Order, _ more: [String: String] = [:]) {
        var line = [
            "event": event, "reference": order.reference, "amount": String(order.hundredfold),
            "choice": order.choice?.rawValue ?? "",
        ]
        line.merge(more) { $1 }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        if let data = try? encoder.encode(line) { journal(String(decoding: data, as: UTF8.self)) }
    }

    private func frame(_ title: String) -> BankFrame {
        BankFrame(title: words[title] ?? title, stylesheet: files.asset("site.css"), emblem: files.asset("emblem.svg"))
    }

    private func message(_ title: String, _ text: String, _ status: Status = .ok) -> Response {
        .html(pages.render(BankMessagePage(frame: frame(title), explanation: words[text] ?? text)), status)
    }
}

/// Resumes once, whoever comes first.
private final class FirstOnly: Sendable {
    private let continuation: Mutex<CheckedContinuation<Void, Never>?>

    init(_ continuation: CheckedContinuation<Void, Never>) {
        self.continuation = Mutex(continuation)
    }

    func resume() {
        let first = continuation.withLock { held in
            defer { held = nil }
            return held
        }
        first?.resume()
    }
}

/// What stands around the bank's pages.
struct BankFrame: Sendable {
    let title, stylesheet, emblem: String
    static let fields = Fields<BankFrame>().text("title") { $0.title }.text("stylesheet") { $0.stylesheet }.text(
        "emblem"
    ) { $0.emblem }
}

struct PayPage: Page {
    static let template = "pay"
    let frame: BankFrame
    let order: Bank.Order
    let token: String
    let expires: String
    static let fields = Fields<PayPage>().include(BankFrame.fields) { $0.frame }
        .text("amount") { grouped($0.order.hundredfold / 100) }.text("info") { $0.order.info }
        .text("reference") { $0.order.reference }.text("expires") { $0.expires }.text("token") { $0.token }
}

/// Groups of three with full stops, as money is written in Vietnam.
private func grouped(_ number: Int64) -> String {
    let digits = Array(String(number))
    return digits.indices.map { index in
        let isBreak = index > 0 && (digits.count - index).isMultiple(of: 3)
        return (isBreak ? "." : "") + String(digits[index])
    }.joined()
}

struct BankMessagePage: Page {
    static let template = "message"
    let frame: BankFrame
    let explanation: String
    static let fields = Fields<BankMessagePage>().include(BankFrame.fields) { $0.frame }.text("explanation") {
        $0.explanation
    }
}
