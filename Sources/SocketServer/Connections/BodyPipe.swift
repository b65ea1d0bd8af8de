import HTTPWire

/// Content on its way from the connection to the handler. Lives on the loop's thread.
final class BodyPipe {
    @exclusivity(unchecked) private var pieces: [[UInt8]] = []
    @exclusivity(unchecked) private var first = 0
    @exclusivity(unchecked) private(set) var waitingBytes = 0
    @exclusivity(unchecked) private var ending: Result<Void, BodyError>?
    @exclusivity(unchecked) private var reader: Waiter<Result<[UInt8]?, BodyError>>?

    /// Hands over content, or keeps it until it is asked for.
    func push(_ piece: [UInt8]) {
        guard ending == nil, !piece.isEmpty else { return }
        if let reader {
            self.reader = nil
            reader.resume(returning: .success(piece))
        } else {
            pieces.append(piece)
            waitingBytes += piece.count
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
        if first < pieces.count {
            let piece = pieces[first]
            first += 1
            waitingBytes -= piece.count
            if first == pieces.count {
                pieces.removeAll(keepingCapacity: true)
                first = 0
            }
            return .success(piece)
        }
        return ending.map(BodyPipe.last)
    }

    func wait(_ continuation: CheckedContinuation<Result<[UInt8]?, BodyError>, Never>) {
        precondition(reader == nil, "two readers of one body")
        reader = Waiter(continuation)
    }

    private static func last(_ ending: Result<Void, BodyError>) -> Result<[UInt8]?, BodyError> {
        ending.map { nil }
    }
}
