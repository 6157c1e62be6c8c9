import ArgumentParser
import Foundation
import Storage

/// Why a command of the terminal ends without having done what it was asked for, and the status it exits with (sysexits.h).
struct CommandFailure: Error, CustomStringConvertible {
    enum Status: Int32 {
        /// It was tried, and failed.
        case failed = 1
        /// The command line asks for what cannot be.
        case usage = 64
        /// What it was given to work on cannot be used.
        case data = 65
        /// The server cannot be reached.
        case unavailable = 69
        /// The server says that this may not be done.
        case denied = 77
    }

    let status: Status
    /// What to tell, one line or several.
    let description: String

    init(_ status: Status, _ description: String) {
        self.status = status
        self.description = description
    }

    /// Runs a command's work; what it throws is told on standard error.
    ///
    /// - Throws: `ExitCode`, `ValidationError`.
    static func reporting(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as CommandFailure {
            tell(error.description)
            throw ExitCode(error.status.rawValue)
        } catch let error as ExitCode {
            throw error
        } catch let error as ValidationError {
            throw error
        } catch {
            tell(Self.sentence(error))
            throw ExitCode(Status.failed.rawValue)
        }
    }

    /// An error of any layer as a person is told it.
    static func sentence(_ error: any Error) -> String {
        switch error {
        case StorageError.file(let doing, let path, let number): "cannot \(doing) \(path): \(String(cString: strerror(number)))"
        case let error as APIError: error.detail
        default: APIError(error)?.detail ?? "\(error)"
        }
    }

    private static func tell(_ text: String) {
        FileHandle.standardError.write(Data("Error: \(text)\n".utf8))
    }
}
