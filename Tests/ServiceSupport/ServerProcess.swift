import Foundation
import Jobs
import TestSupport
import Testing

/// The `pruner` binary serving a data folder in a process of its own: one that can be killed.
package final class ServerProcess {
    private let process: ChildProcess
    /// Where it can be reached.
    package let url: String
    /// What it logs.
    package let log: URL

    /// The binary that was built with the tests.
    package static var binary: URL {
        URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent(
            "pruner")
    }

    /// The variables that the binary is started with: this process's own, and the matrix kernels that it has, on which the last bits of
    /// results depend. Left to itself the binary takes the best ones, which this process may not have been started with.
    package static var environment: [String: String] {
        ProcessInfo.processInfo.environment.merging(Arithmetic.kernels.map { ["OPENBLAS_CORETYPE": $0] } ?? [:]) { $1 }
    }

    /// Starts a server on a free port and waits until it accepts connections.
    ///
    /// - Parameters:
    ///   - folder: its data folder; a configuration and the log are kept beside it.
    ///   - settings: lines of YAML.
    ///   - before: a command that runs the server's, such as strace.
    package init(folder: URL, settings: String = "", arguments: [String] = [], before: [String] = []) throws {
        let configuration = URL(fileURLWithPath: folder.path + ".yaml")
        try Data((settings + "\n").utf8).write(to: configuration)
        log = URL(fileURLWithPath: folder.path + ".log")
        if !FileManager.default.fileExists(atPath: log.path) { try Data().write(to: log) }
        let command =
            before + [Self.binary.path, "serve", "--port", "0", "--data-dir", folder.path, "--config", configuration.path] + arguments
        process = try ChildProcess(["env"] + command, environment: Self.environment, output: .pipe, errors: .file(log))
        var line = ""
        while !line.hasSuffix("\n") {
            guard let data = process.output?.availableData, !data.isEmpty else { break }
            line += String(decoding: data, as: UTF8.self)
        }
        let start = "listening on "
        guard line.hasPrefix(start) else {
            process.wait()
            throw Failure(log: (try? String(contentsOf: log, encoding: .utf8)) ?? "")
        }
        url = String(line.dropFirst(start.count).dropLast())
    }

    /// It ended before it served; what it logged.
    package struct Failure: Error { package let log: String }

    package var processIdentifier: Int32 { process.processIdentifier }

    deinit { kill() }

    /// Ends it at once, as a power cut would, without a chance to write anything.
    package func kill() {
        process.signal(SIGKILL)
        process.wait()
    }

    /// Asks it to end, and returns its exit status.
    package func terminate() -> Int32 {
        process.signal(SIGTERM)
        return process.wait()
    }
}
