import Documents
import Foundation
import TestSupport
import Testing

/// The `pruner` binary with any command, in a process of its own; what it prints goes into files of the test's folder.
package final class PrunerProcess {
    private let process: ChildProcess
    /// Ends with the process.
    private let life: AsyncStream<Void>
    private let output: URL
    private let errors: URL
    /// Tells when there is more on standard error, or the process has ended.
    private let changes: FileChanges

    /// Starts a command.
    ///
    /// - Parameters:
    ///   - folder: where it runs, and where what it prints is kept.
    ///   - environment: variables beside the test's own.
    package init(_ arguments: [String], in folder: URL, environment: [String: String] = [:]) throws {
        let name = UUID().uuidString
        output = folder.appendingPathComponent("\(name).out")
        errors = folder.appendingPathComponent("\(name).err")
        for file in [output, errors] { try Data().write(to: file) }
        let (life, end) = AsyncStream.makeStream(of: Void.self)
        self.life = life
        changes = try FileChanges(errors)
        process = try ChildProcess(
            [ServerProcess.binary.path] + arguments, in: folder, environment: ServerProcess.environment.merging(environment) { $1 },
            output: .file(output), errors: .file(errors)
        ) { [told = changes.told] in
            end.finish()
            told.yield()
        }
    }

    deinit {
        // What a failed test leaves running.
        signal(SIGKILL)
    }

    /// What it has printed so far.
    package var outputText: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }
    /// What it has told on standard error so far.
    package var errorText: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }
    /// What it has printed, as JSON.
    package var json: JSON { (try? JSON(parsing: Array(outputText.utf8))) ?? .null }

    /// Waits for its end; the exit status, or the signal that ended it, negative.
    @discardableResult
    package func end() async -> Int32 {
        for await _ in life {}
        return process.wait()
    }

    /// Waits until standard error holds a text, or the process has ended. Returns whether it does.
    package func tells(_ text: String) async -> Bool {
        await changes.wait { errorText.contains(text) || !process.isRunning }
        return errorText.contains(text)
    }

    package func signal(_ number: Int32) { process.signal(number) }

    /// Runs a command to its end.
    package static func run(
        _ arguments: [String], in folder: URL, environment: [String: String] = [:]
    ) async throws -> (status: Int32, process: PrunerProcess) {
        let process = try PrunerProcess(arguments, in: folder, environment: environment)
        return (await process.end(), process)
    }
}
