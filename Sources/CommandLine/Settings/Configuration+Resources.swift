import ArgumentParser
import Jobs
import Server

extension Configuration {
    /// What a job's resources may be.
    ///
    /// - Throws: `ValidationError` naming the option or key.
    func checkResources() throws {
        guard (0...1024).contains(threads) else { throw ValidationError("--threads must be between 0 and 1024") }
        guard memoryLimit == 0 || memoryLimit >= 256 << 20 else { throw ValidationError("--memory-limit must be 0 or at least 256M") }
        guard Arithmetic.niceness.contains(jobNiceness) else { throw ValidationError("job_niceness must be between 0 and 19") }
        guard saveSeconds >= 1, saveSteps >= 1 else { throw ValidationError("save_seconds and save_steps must be at least 1") }
    }
}
