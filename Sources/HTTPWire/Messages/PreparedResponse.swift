/// A complete answer that is made once and sent many times: everything but its date and the fate of the connection is in
/// bytes already. Never for answers that carry a cookie or anything else that is one person's.
public final class PreparedResponse: Sendable {
    /// What it was made from.
    public let response: Response
    /// From the status line to the beginning of the Date field's value.
    let head: [UInt8]
    /// The content, left out in answers to HEAD.
    let content: [UInt8]

    /// Takes an answer whose content is in memory; traps otherwise, which is a programming mistake.
    public init(_ response: Response) {
        self.response = response
        switch response.body {
        case .empty: content = []
        case .bytes(let bytes): content = response.status.allowsContent ? bytes : []
        case .file, .stream: preconditionFailure("only what is in memory can be prepared")
        }
        head = ResponseEncoder.preparedHead(of: response)
    }
}
