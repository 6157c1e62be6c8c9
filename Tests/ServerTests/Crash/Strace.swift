import Foundation
import ServiceSupport
import TestSupport
import Testing

/// Makes system calls of a running process fail, by strace's injection, until it is told to let go.
final class Strace {
    private let process: ChildProcess

    /// Whether strace is installed and may attach.
    static let isAvailable = FileManager.default.isExecutableFile(atPath: "/usr/bin/strace")

    /// Attaches to every thread of a process and waits until that is so.
    ///
    /// - Parameters:
    ///   - calls: names of system calls, with commas between.
    ///   - error: what they fail with, such as `ENOSPC`.
    init(_ server: ServerProcess, failing calls: String, with error: String) throws {
        process = try ChildProcess(
            [
                "/usr/bin/strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(calls)", "-e", "inject=\(calls):error=\(error)", "-p",
                "\(server.processIdentifier)",
            ], errors: .pipe)
        let tasks = "/proc/\(server.processIdentifier)/task"
        while true {
            let tracers = try FileManager.default.contentsOfDirectory(atPath: tasks).map { task in
                ((try? String(contentsOfFile: "\(tasks)/\(task)/status", encoding: .utf8)) ?? "").split(separator: "\n")
                    .first { $0.hasPrefix("TracerPid:") }?.hasSuffix("\t0") == false
            }
            if tracers.allSatisfy({ $0 }) { return }
            guard process.isRunning else {
                throw Refused(text: String(decoding: process.errors?.readDataToEndOfFile() ?? Data(), as: UTF8.self))
            }
            usleep(1000)
        }
    }

    struct Refused: Error { let text: String }

    deinit { detach() }

    /// Lets go. Whom it traces lives on.
    func detach() {
        process.signal(SIGKILL)
        process.wait()
    }
}
