import FoundationEssentials
import HTTPWire
import Platform
import PublicService
import Store
import Web

/// Signing in and out at the desk.
extension Portal {
    func addSignIn(to routes: inout Routes) {
        routes.get("/can-bo/dang-nhap") { [self] exchange in
            if exchange.session != nil { return .seeOther("/can-bo") }
            return render(LoginPage(layout: deskLayout(messages.say("title.login"), exchange), login: ""))
        }
        routes.post("/can-bo/dang-nhap") { [self] in try await signIn($0, $1) }
        routes.post("/can-bo/dang-xuat", access: .session) { [self] exchange, _ in
            await audit(.signedOut, exchange)
            try await sessions.end(on: exchange)
            var response = Response.seeOther("/can-bo/dang-nhap")
            response.fields.append(FieldName(unchecked: "Clear-Site-Data"), "\"cache\", \"storage\"")
            return response
        }
    }

    private func signIn(_ exchange: Exchange, _ form: Web.Form) async throws -> Response {
        guard !form.defects.contains(where: { if case .repeated = $0 { true } else { false } }) else {
            throw Refused(.badRequest, "a field twice")
        }
        let login = (form["ten-dang-nhap"] ?? "").trimmed.lowercased()
        let password = form["mat-khau"] ?? ""
        var sentence = messages.say("login.wrong")
        if login.isEmpty || password.isEmpty {
            sentence = messages.say("login.missing")
        } else {
            try await checkAttempts(login, exchange.peer.subscriber)
            // Counted before it is tried, so that many tries at once are no more than one after the other.
            try await store.addSignInFailure(login: login, address: exchange.peer.subscriber, at: now)
            if let officer = try await officer(login, password), try await hasCode(officer, form["ma-mot-lan"] ?? "") {
                try await store.forgetSignInFailures(login: login)
                try await strengthen(officer, password)
                _ = try await sessions.start(
                    subject: officer.id.rawValue, roles: Set(officer.roles.map(\.rawValue)),
                    values: ["name": officer.name],
                    on: exchange)
                await audit(.signedIn, exchange, by: officer.id.rawValue)
                logger.info("signed in", metadata: ["officer": "\(officer.id)"])
                return .seeOther("/can-bo")
            }
            await audit(.signInFailed, exchange, by: login)
            logger.notice("sign-in failed", metadata: ["peer": "\(exchange.peer.address)"])
        }
        let layout = deskLayout(
            messages.say("title.login"), exchange, problems: [Problem(anchor: "ten-dang-nhap", sentence: sentence)])
        return render(LoginPage(layout: layout, login: String(login.prefix(60))), .unprocessableContent)
    }

    /// Five failures slow an account down, thirty stop an address for a quarter of an hour (429); nobody is locked out.
    private func checkAttempts(_ login: String, _ address: String) async throws {
        let failures = try await store.signInFailures(login: login, address: address, at: now)
        if failures.isAddressRefused { throw Refused(.tooManyRequests, "address", retryAfterSeconds: 900) }
        if let next = failures.nextTryAt, next > now {
            throw Refused(.tooManyRequests, "account", retryAfterSeconds: max(1, Int(next.seconds - now.seconds)))
        }
    }

    /// A password hashed with cheaper parameters than today's is hashed again while it is known (OWASP ASVS 5.0
    /// section 11.4.2).
    private func strengthen(_ officer: Officer, _ password: String) async throws {
        let cost = settings.passwordCost
        guard officer.password.parameters.logN < cost.logN,
            let hash = try await passwords.run({ PasswordHash(password: password, parameters: cost) })
        else { return }
        try await store.setPassword(hash, of: officer.id)
    }

    /// Whether the second factor holds: a code of now, one step back or ahead, never twice.
    private func hasCode(_ officer: Officer, _ typed: String) async throws -> Bool {
        guard officer.sealedSeed != nil else { return true }
        guard let seed = try store.codeSeed(of: officer), let digits = TypedText.digits(typed),
            let step = OneTimeCode.step(of: digits, seed: seed, seconds: now.seconds)
        else { return false }
        return try await store.useCodeStep(step, of: officer.id)
    }

    /// The account, if the password is right. An unknown login costs the same time.
    private func officer(_ login: String, _ password: String) async throws -> Officer? {
        guard password.utf8.count <= 512 else { return nil }
        let known = OfficerID(rawValue: login)
        let found: Officer? = if let known { try await store.officer(known) } else { nil }
        let hash =
            found?.password
            ?? PasswordHash(parameters: settings.passwordCost, salt: Array(repeating: 0, count: 16), hash: [])
        let isRight = try await passwords.run { hash.matches(password) }
        guard isRight, let found, !found.isDisabled else { return nil }
        return found
    }
}

struct LoginPage: Page {
    static let template = "desk/login"
    let layout: DeskLayout
    let login: String
    static let fields = Fields<LoginPage>().include(DeskLayout.fields) { $0.layout }.text("login") { $0.login }
}
