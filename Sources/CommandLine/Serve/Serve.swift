import ArgumentParser
import CLinux
import Foundation
import Jobs
import Logging
import Server

extension LogFormat: ExpressibleByArgument {}

/// `pruner serve`: opens the data folder, starts the workers and answers requests until SIGTERM or SIGINT.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Serves the API until SIGTERM or SIGINT.")

    @Option(help: "A YAML file with settings; options on the command line go before it.") var config: String?
    @Option(help: "The address to listen on.") var host: String?
    @Option(help: "The port; 0 takes a free one.") var port: Int?
    @Option(help: "Where checkpoints, datasets and jobs are kept.") var dataDir: String?
    @Option(help: "Jobs that run at the same time.") var workers: Int?
    @Option(help: "Threads for arithmetic per job; 0 takes one per core.") var threads: Int?
    @Option(help: "Memory that jobs may take: bytes, or with K, M or G; 0 takes three quarters of the machine's.")
    var memoryLimit: MemorySize?
    @Option(help: "How often the server may stop under a job that gets no further, before the job fails for good.") var maxAttempts: Int?
    @Flag(help: "Let webhooks lead to loopback, private and other addresses that are not public.") var allowPrivateWebhooks = false
    @Option(help: "How the log is written: text or json.") var logFormat: LogFormat?
    @Flag(help: "Without tokens, listen on addresses other than loopback although anyone who reaches them may use the service.")
    var allowAnonymous = false

    /// The settings: defaults, then the file, then the command line.
    private func settings() throws -> Configuration {
        var settings = try config.map { try Configuration(path: $0) } ?? Configuration()
        if let host { settings.host = host }
        if let port { settings.port = port }
        if let dataDir { settings.dataDir = dataDir }
        if let workers { settings.workers = workers }
        if let threads { settings.threads = threads }
        if let memoryLimit { settings.memoryLimit = memoryLimit.bytes }
        if let maxAttempts { settings.maxAttempts = maxAttempts }
        if allowPrivateWebhooks { settings.allowPrivateWebhooks = true }
        if let logFormat { settings.logFormat = logFormat.rawValue }
        if allowAnonymous { settings.allowAnonymous = true }
        guard (0...65535).contains(settings.port) else { throw ValidationError("--port must be between 0 and 65535") }
        guard (1...64).contains(settings.workers) else { throw ValidationError("--workers must be between 1 and 64") }
        guard settings.maxAttempts >= 1 else { throw ValidationError("--max-attempts must be at least 1") }
        try settings.checkResources()
        guard settings.keepDays >= 0, settings.keepBytes >= 0, settings.keepAsideDays >= 0 else {
            throw ValidationError("keep_days, keep_bytes and keep_aside_days must not be negative")
        }
        guard settings.verifyBytesPerSecond >= 0 else { throw ValidationError("verify_bytes_per_second must not be negative") }
        guard settings.maxUploadBytes >= 1 else { throw ValidationError("max_upload_bytes must be at least 1") }
        guard settings.maxConnections >= 1, settings.maxConnectionsPerAddress >= 1 else {
            throw ValidationError("max_connections and max_connections_per_address must be at least 1")
        }
        guard Logger.Level(rawValue: settings.logLevel) != nil else {
            throw ValidationError("log_level must be one of " + Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))
        }
        guard settings.requestMemory == 0 || settings.requestMemory >= RequestMemory.least else {
            throw ValidationError("request_memory must be 0 or at least \(RequestMemory.least)")
        }
        guard LogFormat(rawValue: settings.logFormat) != nil else { throw ValidationError("log_format must be text or json") }
        return settings
    }

    func run() async throws {
        try ProcessorCheck.check()
        Arithmetic.restartWithBestKernels()
        Self.letFreedMemoryGo()
        let settings = try settings()
        let format = LogFormat(rawValue: settings.logFormat) ?? .text
        let logger = format.logger(label: "pruner", level: Logger.Level(rawValue: settings.logLevel) ?? .info)

        let service = try Service(settings, logger: logger)
        // Before anyone is told that it listens, and may end it.
        let (ends, continuation) = AsyncStream.makeStream(of: Int32.self)
        let sources = await Self.signals { continuation.yield($0) }
        defer { sources.forEach { $0.cancel() } }
        // Written at once, whatever standard output is: scripts wait for this line.
        try FileHandle.standardOutput.write(contentsOf: Data("listening on \(service.url)\n".utf8))

        let signal = await ends.first { _ in true } ?? 0
        logger.notice("signal \(signal): finishing what is short, running jobs go back to the queue")
        await service.stop()
    }

    /// Makes the C library give freed memory back. By itself it keeps up to 8 arenas for every core, each with what its threads once had,
    /// and after the first large block that is freed it keeps blocks of up to 32 MiB, too: a hundred requests at a time would leave a process
    /// several times as large as what it holds. Four arenas are enough for threads that allocate little beside their arithmetic; blocks of
    /// 1 MiB and more are the kernel's, and go back when they are freed. Pieces of bodies are smaller: every change of the process's map
    /// stops all who touch new memory meanwhile, and a hundred uploads would do nothing else.
    private static func letFreedMemoryGo() {
        mallopt(M_ARENA_MAX, 4)
        mallopt(M_MMAP_THRESHOLD, 1 << 20)
        mallopt(M_TRIM_THRESHOLD, 16 << 20)
    }

    /// Hands on SIGTERM and SIGINT by their numbers; they end nothing by themselves any more.
    ///
    /// Returns when they are heard: each needs a descriptor, which Dispatch opens in its own time. Were the table of descriptors full by then,
    /// the server could not be asked to end any more.
    private static func signals(_ handler: @escaping @Sendable (Int32) -> Void) async -> [any DispatchSourceSignal] {
        var sources: [any DispatchSourceSignal] = []
        for number in [SIGTERM, SIGINT] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { handler(number) }
            await withCheckedContinuation { (heard: CheckedContinuation<Void, Never>) in
                source.setRegistrationHandler { heard.resume() }
                source.resume()
            }
            sources.append(source)
        }
        return sources
    }
}
