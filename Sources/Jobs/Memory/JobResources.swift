import Engine
import Foundation

/// What one job may use of the machine.
package struct JobResources: Sendable {
    /// Its threads.
    package let parallel: Parallel
    /// The bytes that the process may hold while it runs.
    package let memory: Int
    /// How often it saves where it stands.
    let saving: SaveInterval

    /// A job saves where it stands when either has passed since it last did.
    package struct SaveInterval {
        let seconds: Double
        let steps: Int

        /// Whichever comes first.
        package init(seconds: Double, steps: Int) {
            self.seconds = seconds
            self.steps = steps
        }
    }

    /// What each of the workers gets.
    ///
    /// - Parameters:
    ///   - threads: 0 takes one for every core.
    ///   - memoryLimit: bytes for all of them; 0 takes three quarters of the machine's, or of the container's.
    package init(threads: Int, memoryLimit: Int64, workers: Int, saving: SaveInterval) {
        parallel = Parallel(threads: threads == 0 ? ProcessInfo.processInfo.activeProcessorCount : threads)
        let limit = memoryLimit == 0 ? MachineMemory.bytes() / 4 * 3 : Int(memoryLimit)
        memory = limit / workers
        self.saving = saving
    }
}
