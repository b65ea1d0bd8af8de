import CSQLite

/// What can go wrong between the program and its disk. Refusals of the service are other types.
public enum StoreError: Error, Sendable, Hashable {
    /// Another connection holds what was needed for longer than the waiting time.
    case busy
    /// No room on the disk (ENOSPC), or its quota is used up.
    case full
    /// A read, write or flush failed (EIO); the number is SQLite's extended code.
    case inputOutput(Int32)
    /// The file is not what it should be; nothing is guessed.
    case corrupt(String)
    /// A rule of the schema forbids it (a doubled key, a missing parent).
    case constraint(String)
    /// The file or folder cannot be opened, made or written.
    case cannotOpen(String)
    /// The statement or its use is wrong: a mistake of the program.
    case statement(code: Int32, message: String)
    /// The engine would acknowledge before the disk has it; the program refuses to run so.
    case notDurable(found: String)
    /// A newer program wrote this folder.
    case newerSchema(found: Int, known: Int)
    /// Nothing was remembered: the commit failed, and so did every write that waited for it. Trying again later,
    /// under the same idempotency key, is safe.
    case unavailable(String)

    /// Reads a SQLite result code (https://www.sqlite.org/rescode.html).
    init(code: Int32, message: String) {
        switch code & 0xFF {
        case SQLITE_BUSY, SQLITE_LOCKED: self = .busy
        case SQLITE_FULL: self = .full
        case SQLITE_IOERR, SQLITE_NOMEM, SQLITE_PROTOCOL: self = .inputOutput(code)
        case SQLITE_CORRUPT, SQLITE_NOTADB: self = .corrupt(message)
        case SQLITE_CONSTRAINT: self = .constraint(message)
        case SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM: self = .cannotOpen(message)
        default: self = .statement(code: code, message: message)
        }
    }

    /// Whether the disk, not the request, is to blame: the connection is not to be trusted any more.
    var isDiskFault: Bool {
        switch self {
        case .full, .inputOutput, .cannotOpen: true
        default: false
        }
    }
}
