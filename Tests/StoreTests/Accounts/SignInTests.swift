import Platform
import PublicService
import Testing

@testable import Store

@Suite struct SignInTests {
    private static let cheap = Scrypt(logN: 4, r: 1, p: 1)

    @Test func aDisabledOfficersSessionsEndInTheSameAct() async throws {
        try await withStore { store, _ in
            let id = try #require(OfficerID(rawValue: "an.nguyen"))
            let hash = try #require(PasswordHash(password: "mật khẩu", parameters: SignInTests.cheap))
            try await store.save(Officer(id: id, name: "Nguyễn Văn An", roles: [.intake], password: hash))
            for (number, subject) in ["officer:an.nguyen", "officer:an.nguyen", "officer:binh"].enumerated() {
                try await store.add(
                    StoredSession(
                        digest: [UInt8(number)], subject: subject, csrfSecret: [1], startedAt: 0, seenAt: 0))
            }
            try await store.disable(id, endingSessionsOf: ["officer:an.nguyen"])
            #expect(try await store.officer(id)?.isDisabled == true)
            #expect(try await store.session([0]) == nil)
            #expect(try await store.session([1]) == nil)
            #expect(try await store.session([2]) != nil)
            let nobody = try #require(OfficerID(rawValue: "nobody"))
            await #expect(throws: StoreError.notFound) {
                try await store.disable(nobody, endingSessionsOf: ["officer:binh"])
            }
            #expect(try await store.session([2]) != nil, "a refused act changes nothing")
        }
    }

    @Test func aPasswordIsTheSameInBothUnicodeForms() throws {
        let hash = try #require(PasswordHash(password: "mật khẩu", parameters: SignInTests.cheap))
        #expect(hash.matches("ma\u{323}\u{302}t kha\u{302}\u{309}u"))
        #expect(!hash.matches("mat khau"))
    }

    @Test func strangersSlowALoginDownButNeverLockIt() async throws {
        try await withStore { store, _ in
            for number in 0..<4 {
                try await store.addSignInFailure(login: "an", address: "a\(number)", at: Sample.at)
            }
            #expect(try await store.signInFailures(login: "an", address: "a0", at: Sample.at).nextTryAt == nil)
            for number in 4..<40 {
                try await store.addSignInFailure(login: "an", address: "x", at: Sample.at)
                let found = try await store.signInFailures(login: "an", address: "x", at: Sample.at)
                let wait = try #require(found.nextTryAt)
                #expect(wait > Sample.at && wait <= Sample.at.adding(seconds: 60))
                #expect(found.isAddressRefused == (number - 3 >= 30))
            }
            let later = Sample.at.adding(seconds: 15 * 60)
            #expect(try await store.signInFailures(login: "an", address: "x", at: later).ofLogin == 0)
            try await store.forgetSignInFailures(login: "an")
            #expect(try await store.signInFailures(login: "an", address: "x", at: Sample.at).nextTryAt == nil)
        }
    }
}
