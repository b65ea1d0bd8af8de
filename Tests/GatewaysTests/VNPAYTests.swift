import Foundation
import PublicService
import Testing

@testable import Gateways

/// The protocol's vectors (V1 from a public SDK's test, V2–V5 computed independently).
@Suite struct VNPAYTests {
    static let secret = "TEST_SECRET_0123456789ABCDEFGHIJ"
    static let merchant = VNPAYMerchant(
        terminal: "DEMO0001", secret: secret, paymentAddress: "http://127.0.0.1:8083/paymentv2/vpcpay.html",
        queryAddress: "http://127.0.0.1:8083/merchant_webapi/api/transaction",
        returnAddress: "https://dvc.example.vn/thanh-toan/ket-qua?ho-so=1")
    static let v3 =
        "vnp_Amount=1500000&vnp_BankCode=NCB&vnp_BankTranNo=VNP14226112&vnp_CardType=ATM&vnp_OrderInfo=Nop+le+phi+ho+so+H56.24-261123-0001&vnp_PayDate=20261123090211&vnp_ResponseCode=00&vnp_TmnCode=DEMO0001&vnp_TransactionNo=14226112&vnp_TransactionStatus=00&vnp_TxnRef=H56.24-261123-0001.1"
    static let v3Hash =
        "84a526fe226eddbf46f5638072f0245c2075810c174ab15112f0219feafbcd792a6391b6c7dfd3aff324b1405cbfa9435f944d1a557a7a675ed9503cb6846ab5"

    @Test(arguments: [
        (
            "YOUR_SECURE_SECRET",
            "vnp_Amount=10000&vnp_OrderInfo=Payment+for+order+%231234567890&vnp_TnxRef=1234567890",
            "7bb8160a5d2085a85b3267817a40ee4f770a335282f19714726e6fc6f28a64c75a1e7e9c1aa96f3cbda5ce44095088fb4cb2af66c596d2f655b0b53966312089"
        ),
        (
            secret,
            "REQ1|2.1.0|querydr|DEMO0001|H56.24-261123-0001.1|20261123090000|20261123100000|203.0.113.7|Truy van GD",
            "4982aed42847b146e0416d88e0e0ec88b61e88d810f9c5a75365075615069d4203f95bae6c6865bca287458cb986e5d87774c6b6838794f6744f3dc7c8498c0e"
        ),
        (
            secret,
            "REQ2|2.1.0|refund|DEMO0001|02|H56.24-261123-0001.1|1500000|14226112|20261123090000|ketoan01|20261123110000|203.0.113.7|Hoan phi",
            "b1206f3939a2d70a3346b726a21cf29776f30b659c9d6778d7707163329641fce1896b9130e923be1959c70499a3e8b3b1c6cb0a089d955aae5a89d8844140d0"
        ),
    ]) func signsTheVectors(_ secret: String, _ text: String, _ code: String) {
        #expect(VNPAYSigning.code(text, secret: Array(secret.utf8)) == code)
    }

    @Test func buildsThePaymentAddressOfV2() throws {
        let created = try #require(VNPAYTime.instant("20261123090000"))
        let order = PaymentOrder(
            reference: "H56.24-261123-0001.1", amount: Money(dong: 15_000), createdAt: created,
            expiresAt: created.adding(seconds: 900))
        let address = VNPAYTests.merchant.address(
            for: order, info: "Nop le phi ho so H56.24-261123-0001", payer: "203.0.113.7")
        #expect(
            address.hasSuffix(
                "&vnp_SecureHash=94e0a34477584de062ec66b8d9f9a3afbf4882b8b6bd6761bf7890b9910776e8d6718fede5226d39e6c8352f3bab1d62e6d3fa52c475c4047dbbbb2a583e0c53"
            ))
        #expect(address.hasPrefix("http://127.0.0.1:8083/paymentv2/vpcpay.html?vnp_Amount=1500000&vnp_Command=pay"))
        #expect(VNPAYTests.merchant.origin == "http://127.0.0.1:8083")
    }

    @Test func believesV3() throws {
        let notice = try VNPAYTests.merchant.notice(VNPAYTests.v3 + "&vnp_SecureHash=" + VNPAYTests.v3Hash)
        #expect(notice.outcome == .paid)
        #expect(notice.amount == Money(dong: 15_000))
        #expect(notice.reference == "H56.24-261123-0001.1")
        let upper = VNPAYTests.v3 + "&vnp_SecureHashType=SHA512&vnp_SecureHash=" + VNPAYTests.v3Hash.uppercased()
        #expect(try VNPAYTests.merchant.notice(upper) == notice)
        let shuffled = VNPAYTests.v3.split(separator: "&").reversed().joined(separator: "&")
        #expect(try VNPAYTests.merchant.notice("vnp_SecureHash=" + VNPAYTests.v3Hash + "&" + shuffled) == notice)
    }

    @Test(arguments: [
        v3 + "&vnp_SecureHash=0" + v3Hash.dropFirst(), v3, v3 + "&vnp_SecureHash=",
        v3 + "&vnp_SecureHash=" + v3Hash + "&vnp_Amount=1500000",
        v3.replacingOccurrences(of: "1500000", with: "1500100") + "&vnp_SecureHash=" + v3Hash,
        v3.replacingOccurrences(of: "&vnp_BankCode=NCB", with: "") + "&vnp_SecureHash=" + v3Hash,
        v3 + "&vnp_Extra=1&vnp_SecureHash=" + v3Hash, v3 + "&vnp_X=%zz&vnp_SecureHash=" + v3Hash, "",
    ]) func believesNothingElse(_ query: String) {
        #expect(throws: VNPAYSigning.Refusal.self) { try VNPAYTests.merchant.notice(query) }
    }

    @Test func verifiesWhatAnotherEncoderWrote() throws {
        // The sender signed with tilde escaped but sent it raw.
        let secret = Array(VNPAYTests.secret.utf8)
        let signed = "vnp_OrderInfo=a%7Eb&vnp_TxnRef=1"
        let query = "vnp_OrderInfo=a~b&vnp_TxnRef=1&vnp_SecureHash=" + VNPAYSigning.code(signed, secret: secret)
        #expect(try VNPAYSigning.verify(query, secret: secret)["vnp_OrderInfo"] == "a~b")
    }

    static func notice(_ response: String, _ status: String, amount: Int = 1_500_000) throws -> PaymentNotice {
        try #require(
            PaymentNotice([
                "vnp_TxnRef": "r", "vnp_Amount": String(amount), "vnp_ResponseCode": response,
                "vnp_TransactionStatus": status,
            ]))
    }

    @Test(arguments: [
        ("00", "00", FinanceState.paid), ("24", "02", .failed), ("00", "02", .failed), ("51", "00", .failed),
        ("07", "00", .reconcile),
        ("00", "04", .reconcile), ("00", "07", .reconcile), ("99", "01", .failed),
    ]) func readsCodes(_ response: String, _ status: String, _ outcome: FinanceState) throws {
        #expect(try VNPAYTests.notice(response, status).outcome == outcome)
    }

    @Test func answersInTheProtocolsOrder() throws {
        let paid = try VNPAYTests.notice("00", "00")
        let failed = try VNPAYTests.notice("24", "02")
        let amount = Money(dong: 15_000)
        func row(_ notice: PaymentNotice, _ amount: Money?, _ known: FinanceState?) -> String {
            let decision = IPNAnswer.decide(notice, amount: amount, known: known)
            return decision.answer.rawValue + (decision.applies ? "+" : "")
        }
        #expect(row(paid, nil, nil) == "01")
        #expect(row(paid, Money(dong: 15_001), nil) == "04")
        #expect(row(paid, Money(dong: 15_001), .paid) == "04")
        #expect(row(paid, amount, nil) == "00+")
        #expect(row(failed, amount, nil) == "00+")
        #expect(row(paid, amount, .paid) == "02")
        #expect(row(failed, amount, .paid) == "02")
        #expect(row(paid, amount, .failed) == "00+")
        #expect(row(failed, amount, .failed) == "02")
        #expect(
            String(decoding: IPNAnswer.confirmed.json, as: UTF8.self)
                == #"{"RspCode":"00","Message":"Confirm Success"}"#)
    }

    @Test(arguments: ["1500050", "-100", "", "abc", "1e5", "9999999999999"]) func takesOnlyWholeAmounts(
        _ amount: String
    ) {
        #expect(
            PaymentNotice([
                "vnp_TxnRef": "r", "vnp_Amount": amount, "vnp_ResponseCode": "00", "vnp_TransactionStatus": "00",
            ]) == nil)
    }

    @Test func readsASignedAnswerOnly() throws {
        var values = [
            "vnp_ResponseId": "1", "vnp_Command": "querydr", "vnp_ResponseCode": "00", "vnp_Message": "ok",
            "vnp_TmnCode": "DEMO0001",
            "vnp_TxnRef": "r", "vnp_Amount": "800000", "vnp_TransactionStatus": "00", "vnp_TransactionNo": "7",
        ]
        let secret = Array(VNPAYTests.secret.utf8)
        values["vnp_SecureHash"] = VNPAYSigning.code(VNPAYQuery.signedAnswer(values), secret: secret)
        #expect(try VNPAYQuery.read(values, reference: "r", secret: secret).amount == Money(dong: 8000))
        values["vnp_Amount"] = "900000"
        #expect(throws: VNPAYQuery.Failure.self) { try VNPAYQuery.read(values, reference: "r", secret: secret) }
    }

    @Test func keepsTimesOfTheOffice() throws {
        let instant = try #require(VNPAYTime.instant("20261123090211"))
        #expect(VNPAYTime.text(instant) == "20261123090211")
        #expect(VNPAYTime.instant("20261323090211") == nil)
    }
}
