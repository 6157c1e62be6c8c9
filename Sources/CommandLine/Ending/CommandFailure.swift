import ArgumentParser
import Foundation
import Storage

/// Why a command of the terminal ends without having done what it was asked for, and the status it exits with (sysexits.h).
package struct CommandFailure: Error, CustomStringConvertible {
    package enum Status: Int32 {
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

    package let status: Status
    /// What to tell, one line or several.
    package let description: String

    init(_ status: Status, _ description: String) {
        self.status = status
        self.description = description
    }

    /// Runs a command's work; what it throws is told on the screen, whose bar goes in any case.
    ///
    /// - Throws: `ExitCode`, `ValidationError`.
    static func reporting(on screen: Screen, _ body: () throws -> Void) throws {
        defer { screen.clear() }
        do { try body() } catch { throw end(error, screen) }
    }

    /// The same for work that waits.
    static func reporting(on screen: Screen, _ body: () async throws -> Void) async throws {
        defer { screen.clear() }
        do { try await body() } catch { throw end(error, screen) }
    }

    /// Tells an error, and returns how the command ends by it.
    private static func end(_ error: any Error, _ screen: Screen) -> any Error {
        switch error {
        case let error as CommandFailure:
            screen.tell("Error: \(error.description)")
            return ExitCode(error.status.rawValue)
        case is ExitCode, is ValidationError: return error
        default:
            screen.tell("Error: \(sentence(error))")
            return ExitCode(Status.failed.rawValue)
        }
    }

    /// An error of any layer as a person is told it.
    static func sentence(_ error: any Error) -> String {
        switch error {
        case StorageError.file(let doing, let path, let number): "cannot \(doing) \(path): \(String(cString: strerror(number)))"
        case StorageError.notFound(let kind, let id): "there is no \(kind.rawValue) \(id.prefix(200))"
        case StorageError.busy: "the database is locked by another process: try again"
        default: "\(error)"
        }
    }
}
