import PublicService

/// This office at the gateway: terminal, secret and addresses.
public struct VNPAYMerchant: Sendable {
    /// vnp_TmnCode.
    public let terminal: String
    /// The shared secret.
    public let secret: [UInt8]
    /// Where the browser pays, without query.
    public let paymentAddress: String
    /// Where questions are asked.
    public let queryAddress: String
    /// Where the browser comes back.
    public let returnAddress: String

    /// Describes the merchant.
    public init(terminal: String, secret: String, paymentAddress: String, queryAddress: String, returnAddress: String) {
        self.terminal = terminal
        self.secret = Array(secret.utf8)
        self.paymentAddress = paymentAddress
        self.queryAddress = queryAddress
        self.returnAddress = returnAddress
    }

    /// Scheme and host of the payment page, for the page's policy.
    public var origin: String {
        let parts = paymentAddress.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return parts.prefix(3).joined(separator: "/")
    }

    /// The signed address to which the browser is sent. `info` keeps only what the protocol takes: letters without marks,
    /// digits, space, full stop, colon, hyphen.
    public func address(for order: PaymentOrder, info: String, payer: String) -> String {
        let allowed = info.unicodeScalars.filter { scalar in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                    || " .:-".unicodeScalars.contains(scalar))
        }
        let query = VNPAYSigning.signedQuery(
            [
                .init("vnp_Version", "2.1.0"), .init("vnp_Command", "pay"), .init("vnp_TmnCode", terminal),
                .init("vnp_Amount", String(order.amount.dong * 100)),
                .init("vnp_CreateDate", VNPAYTime.text(order.createdAt)),
                .init("vnp_ExpireDate", VNPAYTime.text(order.expiresAt)), .init("vnp_CurrCode", "VND"),
                .init("vnp_IpAddr", payer), .init("vnp_Locale", "vn"),
                .init("vnp_OrderInfo", String(String.UnicodeScalarView(allowed)).prefix(255).description),
                .init("vnp_OrderType", "other"), .init("vnp_ReturnUrl", returnAddress),
                .init("vnp_TxnRef", order.reference),
            ], secret: secret)
        return paymentAddress + "?" + query
    }

    /// What a signed call or return says. Throws when it is not believed.
    public func notice(_ query: String) throws(VNPAYSigning.Refusal) -> PaymentNotice {
        let values = try VNPAYSigning.verify(query, secret: secret)
        guard values["vnp_TmnCode"] == terminal, let notice = PaymentNotice(values) else { throw .badSignature }
        return notice
    }
}

/// yyyyMMddHHmmss at UTC+7.
public enum VNPAYTime {
    /// The text of a moment.
    public static func text(_ instant: Instant) -> String {
        let minute = LocalMinute(instant)
        let second = ((instant.seconds % 60) + 60) % 60
        let digits = (minute.date.description + minute.clock).filter(\.isNumber)
        return digits + (second < 10 ? "0\(second)" : "\(second)")
    }

    /// The moment of a text; nil unless 14 digits of a real time.
    public static func instant(_ text: String) -> Instant? {
        let digits = Array(text)
        guard digits.count == 14, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        func part(_ range: Range<Int>) -> String { String(digits[range]) }
        let minute = LocalMinute("\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(8..<10)):\(part(10..<12))")
        guard let minute, let second = Int64(part(12..<14)), second < 60 else { return nil }
        return minute.instant.adding(seconds: second)
    }
}

/// What the gateway says of an order, its signature checked.
public struct PaymentNotice: Sendable, Hashable {
    /// vnp_TxnRef.
    public let reference: String
    /// Dong (vnp_Amount is a hundred times that).
    public let amount: Money
    /// vnp_TransactionNo, if one was given.
    public let transaction: String?
    /// vnp_ResponseCode and vnp_TransactionStatus.
    public let codes: String
    /// What that means: paid needs both 00; money that moved without success must be looked at.
    public let outcome: FinanceState

    init?(_ values: [String: String]) {
        guard let reference = values["vnp_TxnRef"], !reference.isEmpty, let raw = values["vnp_Amount"],
            raw.utf8.allSatisfy({ (48...57).contains($0) }), raw.utf8.count <= 12, let hundredfold = Int64(raw),
            hundredfold.isMultiple(of: 100), let response = values["vnp_ResponseCode"],
            let status = values["vnp_TransactionStatus"]
        else { return nil }
        self.reference = reference
        amount = Money(dong: hundredfold / 100)
        transaction = values["vnp_TransactionNo"]
        codes = "\(response)/\(status)"
        outcome =
            response == "00" && status == "00"
            ? .paid : response == "07" || ["04", "05", "06", "07"].contains(status) ? .reconcile : .failed
    }

    /// As an event of the dossier.
    public var settlement: PaymentSettlement {
        PaymentSettlement(
            reference: reference, outcome: outcome, amount: amount, transaction: transaction, codes: codes)
    }
}

/// The answer to a signed server call: what the gateway reads to know whether to call again.
public enum IPNAnswer: String, Sendable, CaseIterable {
    case confirmed = "00"
    case orderNotFound = "01"
    case alreadyConfirmed = "02"
    case invalidAmount = "04"
    case invalidSignature = "97"
    case unknownError = "99"

    /// The protocol's words.
    public var message: String {
        switch self {
        case .confirmed: "Confirm Success"
        case .orderNotFound: "Order not found"
        case .alreadyConfirmed: "Order already confirmed"
        case .invalidAmount: "Invalid amount"
        case .invalidSignature: "Invalid signature"
        case .unknownError: "Unknown error"
        }
    }

    /// `{"RspCode":"..","Message":".."}`.
    public var json: [UInt8] { Array(#"{"RspCode":"\#(rawValue)","Message":"\#(message)"}"#.utf8) }

    /// What a notice about an order is answered, in the protocol's order of checks, and whether it is to be applied. A signed
    /// success after a stored failure is applied: the money moved.
    public static func decide(
        _ notice: PaymentNotice, amount: Money?, known: FinanceState?
    ) -> (answer: IPNAnswer, applies: Bool) {
        guard let amount else { return (.orderNotFound, false) }
        guard amount == notice.amount else { return (.invalidAmount, false) }
        switch (known, notice.outcome) {
        case (nil, _): return (.confirmed, true)
        case (.failed, .paid), (.failed, .reconcile): return (.confirmed, true)
        default: return (.alreadyConfirmed, false)
        }
    }
}
