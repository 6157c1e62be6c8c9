import ArgumentParser
import Server

/// What a job may use of the machine, as `serve` takes it.
struct ResourceOptions: ParsableArguments {
    @Option(help: "A YAML file with settings, as serve takes it; those of a job's resources and saves count.", completion: .file())
    var config: String?
    @Option(help: "Threads for arithmetic; 0 takes one per core.") var threads: Int?
    @Option(help: "Memory to take: bytes, or with K, M or G; 0 takes three quarters of the machine's.") var memoryLimit: MemorySize?

    /// - Throws: `ValidationError`, ``ConfigurationFileError``.
    func settings() throws -> Configuration {
        var settings = try config.map { try Configuration(path: $0) } ?? Configuration()
        if let threads { settings.threads = threads }
        if let memoryLimit { settings.memoryLimit = memoryLimit.bytes }
        // One job at a time has all of it.
        settings.workers = 1
        try settings.checkResources()
        return settings
    }
}
