import Foundation
import HTTPWire
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
            try await sessions.end(on: exchange)
            var response = Response.seeOther("/can-bo/dang-nhap")
            response.fields.append(FieldName(unchecked: "Clear-Site-Data"), "\"cache\", \"storage\"")
            return response
        }
    }

    private func signIn(_ exchange: Exchange, _ form: Web.Form) async throws -> Response {
        let login = (form["ten-dang-nhap"] ?? "").trimmingCharacters(in: .whitespaces).lowercased()
        let password = form["mat-khau"] ?? ""
        var sentence = messages.say("login.wrong")
        if login.isEmpty || password.isEmpty {
            sentence = messages.say("login.missing")
        } else {
            try throttles.login.require(exchange.peer.address)
            try throttles.account.require(login)
            if let officer = try await officer(login, password) {
                throttles.account.forget(login)
                _ = try await sessions.start(
                    subject: officer.id.rawValue, roles: Set(officer.roles.map(\.rawValue)),
                    values: ["name": officer.name],
                    on: exchange)
                logger.info("signed in", metadata: ["officer": "\(officer.id)"])
                return .seeOther("/can-bo")
            }
            logger.notice("sign-in failed", metadata: ["peer": "\(exchange.peer.address)"])
        }
        let layout = deskLayout(
            messages.say("title.login"), exchange, problems: [Problem(anchor: "ten-dang-nhap", sentence: sentence)])
        return render(LoginPage(layout: layout, login: String(login.prefix(60))), .unprocessableContent)
    }

    /// The account, if the password is right. An unknown login costs the same time.
    private func officer(_ login: String, _ password: String) async throws -> Officer? {
        guard password.utf8.count <= 512 else { return nil }
        let known = OfficerID(rawValue: login)
        let found: Officer? = if let known { try await store.officer(known) } else { nil }
        let hash =
            found?.password ?? PasswordHash(parameters: .password, salt: Array(repeating: 0, count: 16), hash: [])
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
