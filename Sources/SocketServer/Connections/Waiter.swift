/// Somebody who waits on a loop. An object, because the size of a continuation is known only when the program runs: everything
/// that holds one by itself would be asked for its place at each look.
final class Waiter<Value: Sendable> {
    private let continuation: CheckedContinuation<Value, Never>

    init(_ continuation: CheckedContinuation<Value, Never>) { self.continuation = continuation }

    func resume(returning value: Value) { continuation.resume(returning: value) }
}
