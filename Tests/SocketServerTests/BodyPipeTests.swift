import Testing

@testable import SocketServer

@Suite struct BodyPipeTests {
    private static func piece(_ value: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(value), count: BodyPipe.pieceBytes)
    }

    /// A reader that is a little slower than its client must not collect the whole content behind it.
    @Test func whatWasTakenIsHeldNoLongerThoughSomethingAlwaysWaits() {
        let pipe = BodyPipe()
        pipe.push(Self.piece(0))
        for number in 1...100 {
            pipe.push(Self.piece(number))
            #expect(pipe.take() == .success(Self.piece(number - 1)))
            #expect(pipe.pieces.count == 1)
            #expect(pipe.waitingBytes == BodyPipe.pieceBytes)
        }
    }

    @Test func singleBytesThatWaitShareAPiece() {
        let pipe = BodyPipe()
        let sent = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for byte in sent { pipe.push([byte]) }
        #expect(pipe.pieces.map(\.count) == [65_536, 34_464])
        #expect(pipe.waitingBytes == sent.count)
        #expect(pipe.take() == .success(Array(sent[..<65_536])))
        #expect(pipe.take() == .success(Array(sent[65_536...])))
        #expect(pipe.take() == nil && pipe.waitingBytes == 0)
    }

    @Test func whatCameBeforeTheEndIsHandedOutFirst() {
        let pipe = BodyPipe()
        pipe.push(Self.piece(1))
        pipe.push([2, 3])
        pipe.end(.failure(.incomplete))
        pipe.push([4])
        #expect(pipe.take() == .success(Self.piece(1)))
        #expect(pipe.take() == .success([2, 3]))
        #expect(pipe.take() == .failure(.incomplete))
    }
}
