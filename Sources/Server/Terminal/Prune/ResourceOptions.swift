import ArgumentParser

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

extension Configuration {
    /// What a job's resources may be.
    ///
    /// - Throws: `ValidationError` naming the option or key.
    func checkResources() throws {
        guard (0...1024).contains(threads) else { throw ValidationError("--threads must be between 0 and 1024") }
        guard memoryLimit == 0 || memoryLimit >= 256 << 20 else { throw ValidationError("--memory-limit must be 0 or at least 256M") }
        guard saveSeconds >= 1, saveSteps >= 1 else { throw ValidationError("save_seconds and save_steps must be at least 1") }
    }
}
