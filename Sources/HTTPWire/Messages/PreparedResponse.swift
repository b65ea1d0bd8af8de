/// A complete answer that is made once and sent many times: everything but its date and the fate of the connection is in
/// bytes already. Never for answers that carry a cookie or anything else that is one person's.
public final class PreparedResponse: @unchecked Sendable {
    // Guard: filled when it is made, never changed.
    private let original: Response
    /// What it was made from; sent in bytes unless somebody changes it.
    public var response: Response {
        var response = original
        response.prepared = self
        return response
    }
    /// What the answer is counted under.
    public let status: Status
    /// As it is sent on a connection that is kept, but for the date's value.
    let bytes: UnsafeRawBufferPointer
    /// Where the Date field's value stands.
    let datePlace: Int
    /// Where the content begins, which is left out in answers to HEAD.
    let contentPlace: Int
    /// Bytes of content.
    public let contentByteCount: Int
    /// The content once more, for lines that can send it from a file.
    public let file: (any FileRegion)?
    /// The content, as long as this object lives.
    public var content: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[contentPlace...]) }

    /// Takes an answer whose content is in memory; traps otherwise, which is a programming mistake. `file` must hold the same
    /// bytes for as long as it is open.
    public init(_ response: Response, file: (any FileRegion)? = nil) {
        original = response
        self.file = file
        status = response.status
        var bytes = ResponseEncoder.preparedHead(of: response)
        datePlace = bytes.count
        bytes.append(contentsOf: [UInt8](repeating: Octet.space, count: HTTPDate.byteCount))
        bytes.append(contentsOf: ResponseEncoder.end)
        contentPlace = bytes.count
        switch response.body {
        case .empty: break
        case .bytes(let content): bytes.append(contentsOf: response.status.allowsContent ? content : [])
        case .file, .stream: preconditionFailure("only what is in memory can be prepared")
        }
        let kept = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
        bytes.withUnsafeBytes { kept.copyMemory(from: $0) }
        self.bytes = UnsafeRawBufferPointer(kept)
        contentByteCount = bytes.count - contentPlace
    }

    deinit { bytes.deallocate() }
}
