import FoundationEssentials
import Platform
import PublicService

/// Asking the gateway what became of an order (querydr): the way out when its call never comes.
public struct VNPAYQuery: Sendable {
    private let merchant: VNPAYMerchant
    private let client: HTTPClient

    /// Asks for `merchant` over `client`.
    public init(merchant: VNPAYMerchant, client: HTTPClient) {
        self.merchant = merchant
        self.client = client
    }

    /// Why there is no answer.
    public enum Failure: Error, Sendable {
        /// The gateway's answer is not signed, or not about this order.
        case notBelieved
        /// The gateway knows no result yet (its code).
        case noResult(String)
    }

    /// The order's notice, its signature checked.
    public func ask(reference: String, createdAt: Instant, at: Instant) async throws -> PaymentNotice {
        let fields: [(String, String)] = [
            ("vnp_RequestId", SecureRandom.bytes(12).hex), ("vnp_Version", "2.1.0"), ("vnp_Command", "querydr"),
            ("vnp_TmnCode", merchant.terminal), ("vnp_TxnRef", reference),
            ("vnp_TransactionDate", VNPAYTime.text(createdAt)), ("vnp_CreateDate", VNPAYTime.text(at)),
            ("vnp_IpAddr", "127.0.0.1"), ("vnp_OrderInfo", "Truy van \(reference)"),
        ]
        var body = Dictionary(uniqueKeysWithValues: fields)
        body["vnp_SecureHash"] = VNPAYSigning.code(fields.map(\.1).joined(separator: "|"), secret: merchant.secret)
        let reply = try await client.post(merchant.queryAddress, json: try JSONEncoder().encode(body))
        let values = try JSONDecoder().decode([String: String].self, from: Data(reply.body))
        return try VNPAYQuery.read(values, reference: reference, secret: merchant.secret)
    }

    /// Fields of the answer in the order in which they are signed.
    static let answerFields = [
        "vnp_ResponseId", "vnp_Command", "vnp_ResponseCode", "vnp_Message", "vnp_TmnCode", "vnp_TxnRef", "vnp_Amount",
        "vnp_BankCode", "vnp_PayDate", "vnp_TransactionNo", "vnp_TransactionType", "vnp_TransactionStatus",
        "vnp_OrderInfo", "vnp_PromotionCode", "vnp_PromotionAmount",
    ]

    /// The text that an answer's signature covers.
    public static func signedAnswer(_ values: [String: String]) -> String {
        answerFields.map { values[$0] ?? "" }.joined(separator: "|")
    }

    static func read(_ values: [String: String], reference: String, secret: [UInt8]) throws -> PaymentNotice {
        guard let hash = values["vnp_SecureHash"], values["vnp_TxnRef"] == reference,
            VNPAYSigning.isValid(hash, signedAnswer(values), secret: secret)
        else { throw Failure.notBelieved }
        // 00 means that the question was answered; what became of the order is its transaction status. 01: not finished.
        guard values["vnp_ResponseCode"] == "00", values["vnp_TransactionStatus"] != "01",
            let notice = PaymentNotice(values)
        else { throw Failure.noResult(values["vnp_ResponseCode"] ?? "") }
        return notice
    }
}
