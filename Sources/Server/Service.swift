import Engine
import Foundation
import Logging
import Storage

/// The whole service in one process: store, workers and HTTP server. What `pruner serve` runs, and tests too.
package final class Service: Sendable {
    private let settings: Configuration
    private let pool: WorkerPool
    private let server: HTTPServer
    private let logger: Logger

    /// Opens the data folder, puts cut-off jobs back into the queue, starts workers and begins to serve.
    ///
    /// - Throws: ``StorageError`` when the data folder cannot be used; an error of ``HTTPServer`` when the address cannot.
    package init(_ settings: Configuration, logger: Logger) throws {
        self.settings = settings
        self.logger = logger
        Matrix.useOneThreadPerCall()
        let resources = JobResources(settings)
        logger.info(
            "arithmetic: \(Matrix.provider), \(resources.parallel.threads) threads and \(resources.memory >> 20) MiB of memory for a job")
        if Matrix.isReference {
            logger.warning("the reference BLAS is in use, some twenty times slower than need be: install libopenblas0-pthread")
        }

        let database = try Database(folder: URL(fileURLWithPath: settings.dataDir))
        for job in try database.jobs.recover(maxAttempts: settings.maxAttempts) {
            logger.notice("\(job.id) was cut off; it is \(job.status.rawValue) now")
        }
        server = try HTTPServer(host: settings.host, port: settings.port, logger: logger)
        let pool = WorkerPool(database: database, resources: resources, logger: logger)
        self.pool = pool
        let api = API(
            database: database, uploads: Uploads(database: database, limit: settings.maxUploadBytes), resources: resources,
            wakeWorkers: { pool.wake() },
            health: [
                "status": "ok", "version": .string(Pruner.version), "blas": .string(Matrix.provider),
                "kernels": .optional(Matrix.openBLASCore),
                "threads": .integer(resources.parallel.threads), "memory_limit": .integer(resources.memory),
                "workers": .integer(settings.workers),
            ],
            guardian: settings.isLoopback ? LoopbackGuard(port: server.port) : nil)
        let router = api.router
        server.start { try await router.respond(to: $0) }
        pool.start(workers: settings.workers)
    }

    /// Where it can be reached.
    package var url: String {
        "http://\(settings.host.contains(":") ? "[\(settings.host)]" : settings.host):\(server.port)"
    }

    /// Finishes what is short, puts running jobs back into the queue, and ends.
    package func stop() async {
        await server.shutdown()
        pool.stop(workers: settings.workers)
    }
}
