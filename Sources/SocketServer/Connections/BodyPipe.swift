import HTTPWire

/// Content on its way from the connection to the handler. Lives on the loop's thread.
final class BodyPipe {
    /// Up to this many bytes that wait are one piece: a client that sends single bytes must not cost a buffer for each.
    static let pieceBytes = 65_536

    /// What waits, and nothing else: a piece that was taken is the handler's alone. Two neighbours are more than `pieceBytes`
    /// together, so that there are few.
    @exclusivity(unchecked) private(set) var pieces: [[UInt8]] = []
    @exclusivity(unchecked) private(set) var waitingBytes = 0
    @exclusivity(unchecked) private var ending: Result<Void, BodyError>?
    @exclusivity(unchecked) private var reader: Waiter<Result<[UInt8]?, BodyError>>?

    /// Hands over content, or keeps it until it is asked for.
    func push(_ piece: [UInt8]) {
        guard ending == nil, !piece.isEmpty else { return }
        if let reader {
            self.reader = nil
            reader.resume(returning: .success(piece))
            return
        }
        waitingBytes += piece.count
        if let last = pieces.indices.last, pieces[last].count + piece.count <= BodyPipe.pieceBytes {
            pieces[last] += piece
        } else {
            pieces.append(piece)
        }
    }

    func end(_ ending: Result<Void, BodyError>) {
        guard self.ending == nil else { return }
        self.ending = ending
        guard let reader else { return }
        self.reader = nil
        reader.resume(returning: BodyPipe.last(ending))
    }

    /// What is there now; nil when the reader must wait. What was received before the content broke off comes first: an
    /// upload that is resumed goes on behind it.
    func take() -> Result<[UInt8]?, BodyError>? {
        guard !pieces.isEmpty else { return ending.map(BodyPipe.last) }
        let piece = pieces.removeFirst()
        waitingBytes -= piece.count
        return .success(piece)
    }

    func wait(_ continuation: CheckedContinuation<Result<[UInt8]?, BodyError>, Never>) {
        precondition(reader == nil, "two readers of one body")
        reader = Waiter(continuation)
    }

    private static func last(_ ending: Result<Void, BodyError>) -> Result<[UInt8]?, BodyError> {
        ending.map { nil }
    }
}
