import Engine
import Foundation

/// What one job may use of the machine.
struct JobResources: Sendable {
    /// Its threads.
    let parallel: Parallel
    /// The bytes that the process may hold while it runs.
    let memory: Int
    /// How often it saves where it stands.
    let saving: SaveInterval

    /// A job saves where it stands when either has passed since it last did.
    struct SaveInterval {
        let seconds: Double
        let steps: Int
    }

    /// What settings give each of the workers: the default is a thread for every core, and three quarters of the machine's memory, or of
    /// the container's.
    init(_ settings: Configuration) {
        parallel = Parallel(threads: settings.threads == 0 ? ProcessInfo.processInfo.activeProcessorCount : settings.threads)
        let limit = settings.memoryLimit == 0 ? MachineMemory.bytes() / 4 * 3 : Int(settings.memoryLimit)
        memory = limit / settings.workers
        saving = SaveInterval(seconds: Double(settings.saveSeconds), steps: settings.saveSteps)
    }
}
