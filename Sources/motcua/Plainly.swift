import ArgumentParser
import FoundationEssentials
import Glibc

/// Why a command did not do what was asked: said to the operator.
struct CommandError: Error, CustomStringConvertible {
    let description: String
}

/// Runs a command and says its error in one sentence on stderr. The status is 64 (EX_USAGE, sysexits.h) where a setting is
/// wrong, and 1 where what was asked could not be done.
func plainly<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
        return try await body()
    } catch let error as ExitCode {
        throw error
    } catch let error as ValidationError {
        throw error
    } catch let error as ConfigurationError {
        throw said(error.description, ExitCode(EX_USAGE))
    } catch let error as CocoaError {
        throw said([error.filePath, reason(error)].compactMap { $0 }.joined(separator: ": "), .failure)
    } catch let error as any CustomStringConvertible & Error {
        throw said(error.description, .failure)
    } catch {
        throw said(String(describing: error), .failure)
    }
}

/// What the system said of a file, else what the file's reader said.
private func reason(_ error: CocoaError) -> String {
    (error.underlying as? POSIXError).map { String(cString: strerror($0.code.rawValue)) } ?? String(describing: error)
}

private func said(_ sentence: String, _ status: ExitCode) -> ExitCode {
    writeToErrorStream("motcua: \(sentence)\n".utf8)
    return status
}

/// Writes all of `bytes` at once where the stream takes them; what nobody can read is lost.
func writeToErrorStream(_ bytes: some Sequence<UInt8>) {
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { return }
        rest = rest.dropFirst(written)
    }
}
