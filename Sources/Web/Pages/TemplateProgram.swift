import Synchronization

/// A template bound to a page type: a flat list of steps that writes UTF-8 bytes. Names are gone: each step knows the
/// frame (how many sections deep) and the closure that reads its value.
final class TemplateProgram: Sendable {
    enum Step: Sendable {
        case literal(Range<Int>)
        case write(frame: Int, ErasedField.Write)
        /// Goes on with the next step when the value's truth is `wanted`, else at `end`.
        case test(frame: Int, ErasedField.IsTrue, wanted: Bool, end: Int)
        /// Runs the steps up to `end` once for each value visited, which stands in frame `target`.
        case visit(frame: Int, ErasedField.Enter, target: Int, end: Int)
    }

    private let steps: [Step]
    private let literals: [UInt8]
    private let frameCount: Int
    /// Size of the largest page so far, so that the next one grows its buffer once.
    private let largestByteCount = Atomic<Int>(1024)

    init(steps: [Step], literals: [UInt8], frameCount: Int) {
        self.steps = steps
        self.literals = literals
        self.frameCount = frameCount
    }

    /// `page` must be of the type the program was compiled for: `TemplateSet` keeps programs by page type.
    func render<Value>(_ page: Value) -> [UInt8] {
        var output: [UInt8] = []
        let expected = largestByteCount.load(ordering: .relaxed)
        output.reserveCapacity(expected)
        withUnsafePointer(to: page) { root in
            withUnsafeTemporaryAllocation(of: UnsafeRawPointer.self, capacity: frameCount) { frames in
                frames.initialize(repeating: UnsafeRawPointer(root))
                literals.withUnsafeBufferPointer { literals in
                    run(0..<steps.count, frames, literals, &output)
                }
            }
        }
        if output.count > expected { largestByteCount.store(output.count + output.count / 8, ordering: .relaxed) }
        return output
    }

    private func run(
        _ range: Range<Int>, _ frames: UnsafeMutableBufferPointer<UnsafeRawPointer>,
        _ literals: UnsafeBufferPointer<UInt8>, _ output: inout [UInt8]
    ) {
        var index = range.lowerBound
        while index < range.upperBound {
            switch steps[index] {
            case .literal(let bytes):
                output.append(contentsOf: UnsafeBufferPointer(rebasing: literals[bytes]))
                index += 1
            case .write(let frame, let write):
                write(frames[frame], &output)
                index += 1
            case .test(let frame, let isTrue, let wanted, let end):
                index = isTrue(frames[frame]) == wanted ? index + 1 : end
            case .visit(let frame, let enter, let target, let end):
                let body = (index + 1)..<end
                enter(frames[frame]) { value in
                    frames[target] = value
                    run(body, frames, literals, &output)
                }
                index = end
            }
        }
    }
}
