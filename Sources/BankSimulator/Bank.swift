import Gateways
import PublicService

/// The simulated bank's books: orders by reference, each decided once. Pure; the site around it speaks HTTP.
public struct Bank: Sendable {
    /// What a payer can do.
    public enum Choice: String, Sendable, CaseIterable {
        case paid, poor, cancelled, suspect

        /// vnp_ResponseCode and vnp_TransactionStatus.
        var codes: (response: String, status: String) {
            switch self {
            case .paid: ("00", "00")
            case .poor: ("51", "02")
            case .cancelled: ("24", "02")
            case .suspect: ("07", "07")
            }
        }
    }

    /// An order as the merchant signed it.
    public struct Order: Sendable, Hashable {
        /// vnp_TxnRef.
        public let reference: String
        /// vnp_Amount: a hundred times the dong.
        public let hundredfold: Int64
        /// vnp_OrderInfo.
        public let info: String
        /// vnp_ReturnUrl.
        public let returnAddress: String
        /// vnp_CreateDate.
        public let created: String
        /// vnp_ExpireDate.
        public let expires: Instant
        /// What the payer chose; nil while open.
        public internal(set) var choice: Choice?
        /// vnp_TransactionNo; nil while open.
        public internal(set) var transaction: String?
        /// vnp_PayDate; nil while open.
        public internal(set) var paidAt: String?
    }

    /// Why a payment address is not taken; each names a sentence.
    public enum Refusal: String, Error, Sendable {
        case badSignature, badTerminal, badOrder, expired, badReturn, unknown
    }

    /// vnp_TmnCode of the one merchant.
    public let terminal: String
    let secret: [UInt8]
    let returnPrefix: String
    /// Orders kept at most; the oldest open one makes room.
    static let orderLimit = 10_000
    private var orders: [String: Order] = [:]
    private var ages: [String] = []
    private var nextTransaction = 14_226_112

    /// A bank with one merchant, to whose addresses below `returnPrefix` it sends browsers back.
    public init(terminal: String, secret: String, returnPrefix: String) {
        self.terminal = terminal
        self.secret = Array(secret.utf8)
        self.returnPrefix = returnPrefix
    }

    /// Takes a signed payment address's query. The same order again is the one that is known.
    public mutating func open(_ query: String, at: Instant) throws(Refusal) -> Order {
        let values: [String: String]
        do {
            values = try VNPAYSigning.verify(query, secret: secret)
        } catch {
            throw .badSignature
        }
        guard values["vnp_TmnCode"] == terminal else { throw .badTerminal }
        guard values["vnp_Version"] == "2.1.0", values["vnp_Command"] == "pay", values["vnp_CurrCode"] == "VND",
            let reference = values["vnp_TxnRef"], (1...100).contains(reference.utf8.count),
            let amount = values["vnp_Amount"],
            let hundredfold = Int64(amount), hundredfold > 0, hundredfold.isMultiple(of: 100), amount.utf8.count <= 12,
            let created = values["vnp_CreateDate"], VNPAYTime.instant(created) != nil,
            let expires = values["vnp_ExpireDate"].flatMap({ VNPAYTime.instant($0) }),
            let info = values["vnp_OrderInfo"],
            let returnAddress = values["vnp_ReturnUrl"]
        else { throw .badOrder }
        guard returnAddress.hasPrefix(returnPrefix) else { throw .badReturn }
        if let known = orders[reference] {
            guard known.hundredfold == hundredfold else { throw .badOrder }
            return known
        }
        guard at < expires else { throw .expired }
        let order = Order(
            reference: reference, hundredfold: hundredfold, info: info, returnAddress: returnAddress, created: created,
            expires: expires)
        if ages.count >= Bank.orderLimit { orders[ages.removeFirst()] = nil }
        orders[reference] = order
        ages.append(reference)
        return order
    }

    /// What the payer chose; a second choice changes nothing and gives the first. `isNew` tells which it was.
    public mutating func decide(_ reference: String, _ choice: Choice, at: Instant) throws(Refusal) -> (
        order: Order, isNew: Bool
    ) {
        guard var order = orders[reference] else { throw .unknown }
        guard order.choice == nil else { return (order, false) }
        guard at < order.expires else { throw .expired }
        order.choice = choice
        order.transaction = String(nextTransaction)
        order.paidAt = VNPAYTime.text(at)
        nextTransaction += 1
        orders[reference] = order
        return (order, true)
    }

    /// The signed query of the server's call and of the browser's return.
    public func notice(of order: Order) -> String {
        let codes = order.choice?.codes ?? (response: "99", status: "01")
        return VNPAYSigning.signedQuery(
            [
                .init("vnp_TmnCode", terminal), .init("vnp_Amount", String(order.hundredfold)),
                .init("vnp_BankCode", "NCB"),
                .init("vnp_CardType", "ATM"), .init("vnp_OrderInfo", order.info),
                .init("vnp_PayDate", order.paidAt ?? ""),
                .init("vnp_ResponseCode", codes.response), .init("vnp_TransactionStatus", codes.status),
                .init("vnp_TransactionNo", order.transaction ?? ""), .init("vnp_TxnRef", order.reference),
            ], secret: secret)
    }

    /// Answers a querydr; nil when its signature or command is wrong.
    public func answer(_ question: [String: String]) -> [String: String]? {
        let fields = [
            "vnp_RequestId", "vnp_Version", "vnp_Command", "vnp_TmnCode", "vnp_TxnRef", "vnp_TransactionDate",
            "vnp_CreateDate",
            "vnp_IpAddr", "vnp_OrderInfo",
        ]
        let text = fields.map { question[$0] ?? "" }.joined(separator: "|")
        guard question["vnp_Command"] == "querydr", question["vnp_TmnCode"] == terminal,
            let hash = question["vnp_SecureHash"],
            VNPAYSigning.isValid(hash, text, secret: secret)
        else { return nil }
        var answer = [
            "vnp_ResponseId": question["vnp_RequestId"] ?? "", "vnp_Command": "querydr", "vnp_TmnCode": terminal,
            "vnp_TxnRef": question["vnp_TxnRef"] ?? "", "vnp_ResponseCode": "91",
            "vnp_Message": "Transaction not found",
        ]
        if let order = orders[question["vnp_TxnRef"] ?? ""] {
            let codes = order.choice?.codes ?? (response: "00", status: "01")
            answer["vnp_ResponseCode"] = "00"
            answer["vnp_Message"] = "QueryDR Success"
            answer["vnp_Amount"] = String(order.hundredfold)
            answer["vnp_BankCode"] = "NCB"
            answer["vnp_PayDate"] = order.paidAt ?? ""
            answer["vnp_TransactionNo"] = order.transaction ?? ""
            answer["vnp_TransactionType"] = "01"
            answer["vnp_TransactionStatus"] = codes.status
            answer["vnp_OrderInfo"] = order.info
        }
        answer["vnp_SecureHash"] = VNPAYSigning.code(VNPAYQuery.signedAnswer(answer), secret: secret)
        return answer
    }
}
