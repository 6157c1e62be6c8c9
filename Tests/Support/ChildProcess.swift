import CLinux
import Foundation
import Synchronization

/// A program in a process of its own, by `posix_spawn` (POSIX.1-2024).
///
/// Foundation's `Process` was seen to crash in `run()` now and then, in tests that open and close files on many threads. This one starts
/// with no signal blocked or ignored, and with no descriptor of this process but those it is given.
package final class ChildProcess: Sendable {
    /// Where what it prints goes.
    package enum Outlet {
        /// Where this process prints to.
        case inherited
        case nowhere
        /// To the end of a file that is there.
        case file(URL)
        /// To ``ChildProcess/output`` or ``ChildProcess/errors``.
        case pipe
    }

    /// Why there is no process.
    package struct Failure: Error {
        package let command: [String]
        package let errno: Int32
    }

    package let processIdentifier: pid_t
    /// For reading, where it is a pipe.
    package let output: FileHandle?
    package let errors: FileHandle?
    private let life = Life()

    private final class Life: Sendable {
        /// Nil while there is a process of this number.
        let status = Mutex<Int32?>(nil)
        let end = DispatchGroup()
    }

    /// Starts it. What it reads is empty.
    ///
    /// - Parameters:
    ///   - command: the program, by its path or by a name that PATH has, and its arguments.
    ///   - folder: where it runs; nil where this process does.
    ///   - environment: its variables.
    ///   - ended: called on some thread once it has ended.
    package init(
        _ command: [String], in folder: URL? = nil, environment: [String: String] = ProcessInfo.processInfo.environment,
        output: Outlet = .inherited, errors: Outlet = .inherited, ended: (@Sendable () -> Void)? = nil
    ) throws {
        var setup = Setup()
        defer { setup.close() }
        if let folder { posix_spawn_file_actions_addchdir_np(&setup.actions, folder.path) }
        self.output = try setup.connect(STDOUT_FILENO, to: output)
        self.errors = try setup.connect(STDERR_FILENO, to: errors)
        posix_spawn_file_actions_addclosefrom_np(&setup.actions, STDERR_FILENO + 1)

        let arguments = command.map { strdup($0) }
        let variables = environment.map { strdup("\($0.key)=\($0.value)") }
        defer { for text in arguments + variables { free(text) } }
        var process: pid_t = 0
        let error = posix_spawnp(&process, command[0], &setup.actions, &setup.attributes, arguments + [nil], variables + [nil])
        guard error == 0 else { throw Failure(command: command, errno: error) }
        processIdentifier = process

        life.end.enter()
        Thread.detachNewThread { [life, process] in
            var information = siginfo_t()
            // It stays a process of that number until the lock is held: nobody sends a signal to another that came after it.
            while waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
            life.status.withLock { status in
                var word: Int32 = 0
                while waitpid(process, &word, 0) < 0, errno == EINTR {}
                // WIFEXITED, WEXITSTATUS and WTERMSIG are macros, which Swift does not see.
                status = word & 0x7F == 0 ? word >> 8 & 0xFF : -(word & 0x7F)
            }
            life.end.leave()
            ended?()
        }
    }

    package var isRunning: Bool { life.status.withLock { $0 == nil } }

    /// The exit status, or the signal that ended it, negative; nil while it runs.
    package var status: Int32? { life.status.withLock { $0 } }

    /// Sends a signal, if it still runs.
    package func signal(_ number: Int32) {
        life.status.withLock { status in
            if status == nil { kill(processIdentifier, number) }
        }
    }

    /// Waits for its end; what ``status`` is then.
    @discardableResult
    package func wait() -> Int32 {
        life.end.wait()
        return status ?? 0
    }

    /// Runs a command to its end; what ``status`` is then.
    @discardableResult
    package static func run(_ command: [String], in folder: URL? = nil, output: Outlet = .inherited, errors: Outlet = .inherited) throws
        -> Int32
    {
        try ChildProcess(command, in: folder, output: output, errors: errors).wait()
    }
}

/// What posix_spawn is told of descriptors and signals.
private struct Setup {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    /// The children's ends of pipes.
    private var ends: [Int32] = []

    init() {
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawnattr_init(&attributes)
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    }

    /// - Returns: this process's end of a pipe.
    mutating func connect(_ descriptor: Int32, to outlet: ChildProcess.Outlet) throws -> FileHandle? {
        switch outlet {
        case .inherited: return nil
        case .nowhere: posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
        case .file(let file): posix_spawn_file_actions_addopen(&actions, descriptor, file.path, O_WRONLY | O_APPEND, 0)
        case .pipe:
            var pair: [Int32] = [0, 0]
            guard pipe2(&pair, O_CLOEXEC) == 0 else { throw ChildProcess.Failure(command: ["pipe"], errno: errno) }
            ends.append(pair[1])
            posix_spawn_file_actions_adddup2(&actions, pair[1], descriptor)
            return FileHandle(fileDescriptor: pair[0], closeOnDealloc: true)
        }
        return nil
    }

    mutating func close() {
        for end in ends { Foundation.close(end) }
        posix_spawn_file_actions_destroy(&actions)
        posix_spawnattr_destroy(&attributes)
    }
}
