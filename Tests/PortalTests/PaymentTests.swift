import Foundation
import Gateways
import HTTPWire
import PublicService
import Testing
import Web

@testable import Portal

/// The gateway's call against the whole portal.
@Suite struct PaymentTests {
    static func query(
        _ reference: String, amount: String = "1600000", response: String = "00", status: String = "00",
        secret: String = Stage.secret
    ) -> String {
        VNPAYSigning.signedQuery(
            [
                .init("vnp_TmnCode", "TEST0001"), .init("vnp_Amount", amount), .init("vnp_BankCode", "NCB"),
                .init("vnp_OrderInfo", "Nop le phi"), .init("vnp_PayDate", "20261125090500"),
                .init("vnp_ResponseCode", response),
                .init("vnp_TransactionNo", "14226112"), .init("vnp_TransactionStatus", status),
                .init("vnp_TxnRef", reference),
            ], secret: Array(secret.utf8))
    }

    static func call(_ stage: Stage, _ query: String, _ method: HTTPWire.Method = .get) async -> String {
        let reply = await stage.citizen.send(method, "/thanh-toan/vnpay/ipn?" + query)
        return (try? JSONDecoder().decode([String: String].self, from: Data(reply.body)))?["RspCode"]
            ?? "\(reply.status)"
    }

    func state(_ stage: Stage, _ receipt: Stage.Receipt) async throws -> FinanceState? {
        try await stage.store.dossier(try #require(DossierCode(rawValue: receipt.code)))?.finance
    }

    @Test func onlyTheSignedCallSettles() async throws {
        try await Stage.with { stage in
            let receipt = try await stage.dossier("2.000635")
            let reference = try #require(receipt.payment?.reference)
            let good = PaymentTests.query(reference)
            // The browser's return changes nothing, however good its signature.
            let waiting = await stage.citizen.get("/thanh-toan/ket-qua?" + good).text
            #expect(waiting.contains("Đang chờ ngân hàng báo") && waiting.contains("Không trả lần nữa"))
            #expect(waiting.contains("<meta http-equiv=\"refresh\" content=\"10\">"), "it asks again by itself")
            let page = await stage.citizen.get("/ho-so/\(receipt.code)?khoa=\(receipt.lookupKey)").text
            #expect(page.contains("Nếu đã trả tiền, không trả lần nữa"), "the dossier warns of paying twice")
            #expect(try await state(stage, receipt) == .pending)
            #expect(await PaymentTests.call(stage, PaymentTests.query(reference, secret: "wrong")) == "97")
            #expect(await PaymentTests.call(stage, good.replacingOccurrences(of: "1600000", with: "1600100")) == "97")
            #expect(await PaymentTests.call(stage, good + "&vnp_Amount=1600000") == "97")
            #expect(await PaymentTests.call(stage, PaymentTests.query(reference, amount: "1600100")) == "04")
            #expect(await PaymentTests.call(stage, PaymentTests.query("H56.31.12-261125-9999.1")) == "01")
            #expect(await PaymentTests.call(stage, good, .head) == "200", "HEAD has no body, and settles nothing")
            #expect(await PaymentTests.call(stage, good, .post) == "405")
            #expect(try await state(stage, receipt) == .pending)
            #expect(await PaymentTests.call(stage, good) == "00")
            #expect(try await state(stage, receipt) == .paid)
            #expect(await PaymentTests.call(stage, good) == "02")
            #expect(await PaymentTests.call(stage, PaymentTests.query(reference, amount: "1600100")) == "04")
            #expect(await PaymentTests.call(stage, PaymentTests.query(reference, response: "24", status: "02")) == "02")
            #expect(try await state(stage, receipt) == .paid)
            #expect(await stage.citizen.get("/thanh-toan/ket-qua?" + good).text.contains("Đã trả phí"))
        }
    }

    @Test func parallelCallsConfirmOnce() async throws {
        try await Stage.with { stage in
            let receipt = try await stage.dossier("2.000635")
            let query = PaymentTests.query(try #require(receipt.payment?.reference))
            let answers = await withTaskGroup(of: String.self) { group in
                for _ in 0..<20 { group.addTask { await PaymentTests.call(stage, query) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.filter { $0 == "00" }.count == 1)
            #expect(answers.filter { $0 == "02" }.count == 19)
        }
    }

    @Test func aLateSuccessAfterAFailureIsPaid() async throws {
        try await Stage.with { stage in
            let receipt = try await stage.dossier("2.000635")
            let reference = try #require(receipt.payment?.reference)
            #expect(await PaymentTests.call(stage, PaymentTests.query(reference, response: "24", status: "02")) == "00")
            #expect(try await state(stage, receipt) == .failed)
            #expect(await PaymentTests.call(stage, PaymentTests.query(reference)) == "00")
            #expect(try await state(stage, receipt) == .paid)
        }
    }

    @Test func movedMoneyWithoutSuccessIsReconciled() async throws {
        try await Stage.with { stage in
            let receipt = try await stage.dossier("2.000635")
            let reference = try #require(receipt.payment?.reference)
            #expect(await PaymentTests.call(stage, PaymentTests.query(reference, response: "07", status: "07")) == "00")
            #expect(try await state(stage, receipt) == .reconcile)
        }
    }
}
