import Foundation
import FoundationNetworking
import Jobs
import Testing

/// The `pruner` binary serving a data folder in a process of its own: one that can be killed.
package final class ServerProcess {
    private let process = Process()
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
        let logging = try FileHandle(forWritingTo: log)
        try logging.seekToEnd()
        let command =
            before + [Self.binary.path, "serve", "--port", "0", "--data-dir", folder.path, "--config", configuration.path] + arguments
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.environment = Self.environment
        process.standardError = logging
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        var line = ""
        while !line.hasSuffix("\n") {
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { break }
            line += String(decoding: data, as: UTF8.self)
        }
        let start = "listening on "
        guard line.hasPrefix(start) else {
            process.waitUntilExit()
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
        guard process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Asks it to end, and returns its exit status.
    package func terminate() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }
}
