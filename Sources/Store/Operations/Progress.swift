/// How far a long command is.
public struct OperationProgress: Sendable, Hashable {
    /// What is being done, e.g. `dossiers`.
    public let step: String
    /// Done so far.
    public let done: Int
    /// In all.
    public let total: Int
}

/// Told of progress; called from the command's own thread.
public typealias ProgressReport = (OperationProgress) -> Void
