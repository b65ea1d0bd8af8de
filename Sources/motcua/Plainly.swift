import ArgumentParser
import Foundation
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
        throw said([error.filePath, error.localizedDescription].compactMap { $0 }.joined(separator: ": "), .failure)
    } catch let error as any CustomStringConvertible & Error {
        throw said(error.description, .failure)
    } catch {
        throw said(String(describing: error), .failure)
    }
}

private func said(_ sentence: String, _ status: ExitCode) -> ExitCode {
    FileHandle.standardError.write(Data("motcua: \(sentence)\n".utf8))
    return status
}
