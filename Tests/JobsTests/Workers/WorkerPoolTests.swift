import Dispatch
import Foundation
import Jobs
import Logging
import Storage
import TestSupport
import Testing

@Suite struct WorkerPoolTests {
    /// More than Dispatch has threads for work of one quality.
    private static let many = 300

    @Test func workersLeaveDispatchItsThreads() async throws {
        let folder = try TemporaryFolder()
        let pool = WorkerPool(
            database: try Database(folder: folder.url.appending(path: "store")),
            resources: JobResources(
                threads: 1, memoryLimit: 1 << 40, workers: Self.many, saving: .init(seconds: 3600, steps: 1_000_000)),
            metrics: .untold, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        pool.start(workers: Self.many)
        let ran = DispatchSemaphore(value: 0)
        DispatchQueue(label: "housekeeping", qos: .background).async { ran.signal() }
        // The time is for a machine that is busy: where it fails it never comes.
        #expect(try await onAThread { ran.wait(timeout: .now() + 300) == .success })
        try await onAThread { pool.stop(workers: Self.many) }
    }
}
