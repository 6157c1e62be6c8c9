import Documents
import Files
import Foundation
import HTTP
import Jobs
import Logging
import Storage

/// The whole service in one process: store, workers and HTTP server. What `pruner serve` runs, and tests too.
package final class Service: Sendable {
    /// What `/openapi.json` tells.
    package let description: JSON
    /// What requests may take.
    package let memory: RequestMemory
    private let settings: Configuration
    private let pool: WorkerPool
    private let server: HTTPServer
    private let control: ControlServer
    private let webhooks: WebhookSender
    private let database: Database
    private let collector: GarbageCollector
    private let walk: BlobWalk?
    private let changes: JobChanges
    private let logger: Logger
    /// Removes what has expired, every few minutes.
    private let housekeeping: Task<Void, Never>

    /// Opens the data folder, puts cut-off jobs back into the queue, starts workers and begins to serve.
    ///
    /// - Throws: ``StorageError`` when the data folder cannot be used; an error of ``HTTPServer`` when the address cannot.
    package init(_ settings: Configuration, logger: Logger) throws {
        self.settings = settings
        self.logger = logger
        Arithmetic.useOneThreadPerCall()
        Arithmetic.stepBack(settings.jobNiceness)
        let resources = JobResources(settings)
        logger.info(
            "arithmetic: \(Arithmetic.provider), \(resources.parallel.threads) threads and \(resources.memory >> 20) MiB of memory for a job"
        )
        if Arithmetic.isReference {
            logger.warning("the reference BLAS is in use, some twenty times slower than need be: install libopenblas0-pthread")
        }

        let descriptors = try DescriptorLimit(raisedFor: settings.maxConnections, workers: settings.workers)
        let database = try Database(folder: URL(fileURLWithPath: settings.dataDir))
        self.database = database
        Self.tell(database.opening, logger)
        database.blobs.onDamage { [weak database] digest, damage in
            let uses = (try? database?.uses(of: digest)) ?? []
            logger.error("blob \(digest.hex) is damaged, it \(damage.found): \(uses.joined(separator: ", "))")
        }
        changes = database.jobs.changes
        for job in try database.jobs.recover(maxAttempts: settings.maxAttempts) {
            logger.notice("\(job.id) was cut off; it is \(job.status.rawValue) now")
        }
        guard try settings.isLoopback || settings.allowAnonymous || !database.tokens.list().isEmpty else {
            throw ServiceError.openToAnyone(host: settings.host)
        }
        collector = GarbageCollector(
            database, Retention(days: settings.keepDays, bytes: settings.keepBytes, asideDays: settings.keepAsideDays), logger: logger)
        walk = BlobWalk(database, bytesPerSecond: settings.verifyBytesPerSecond, logger: logger)
        control = try ControlServer(database, folder: settings.dataDir, logger: logger)
        let limits = ConnectionLimits(
            total: settings.maxConnections, perAddress: settings.isLoopback ? nil : settings.maxConnectionsPerAddress)
        server = try HTTPServer(host: settings.host, port: settings.port, limits: limits, timeouts: settings.timeouts, logger: logger)
        let metrics = ServiceMetrics()
        let pool = WorkerPool(database: database, resources: resources, metrics: metrics.jobs, logger: logger)
        self.pool = pool
        memory = RequestMemory(settings, jobs: resources.memory * settings.workers)
        logger.info("\(memory.limit >> 20) MiB of memory for what requests bring")
        let api = API(
            database: database, memory: memory, uploads: Uploads(database: database, limit: settings.maxUploadBytes), resources: resources,
            wakeWorkers: { pool.wake() },
            health: [
                "status": "ok", "version": .string(Program.version), "blas": .string(Arithmetic.provider),
                "kernels": .optional(Arithmetic.kernels),
                "threads": .integer(resources.parallel.threads), "memory_limit": .integer(resources.memory),
                "request_memory": .integer(memory.limit),
                "workers": .integer(settings.workers),
            ],
            readiness: Readiness(
                database, reserve: API.diskReserve,
                queueTrouble: { pool.isFailing ? StoreTrouble("jobs cannot be taken", "the store fails") : nil }, logger: logger),
            access: Access(tokens: database.tokens, allowsAnonymous: settings.isLoopback || settings.allowAnonymous),
            allowsPrivateWebhooks: settings.allowPrivateWebhooks, eventStreams: Slots(JobEventStream.limit), answers: AnswerCache(database),
            metrics: metrics,
            scrape: Scrape(database: database, resources: resources, workers: settings.workers, server: server))
        let routes = api.routes
        description = OpenAPIDocument(routes: routes).json
        let router = routes.router
        webhooks = try WebhookSender(
            database, delays: WebhookDelays(settings.webhookDelays), patience: settings.webhookPatience,
            allowsPrivate: settings.allowPrivateWebhooks, metrics: metrics.webhooks, logger: logger)
        let guardian = settings.isLoopback ? LoopbackGuard(port: server.port) : nil
        let room = try descriptors.room(for: settings.maxConnections, workers: settings.workers, logger: logger)
        OpenFile.allow(room.files)
        server.start(most: room.connections) { request in
            do {
                try guardian?.check(request)
                return try await router.respond(to: request)
            } catch let error as HTTPError where error != .connectionLost {
                // Routes answer by themselves: nobody counted this one.
                let response = error.response()
                metrics.http.refused(response.status.code)
                return response
            }
        }
        pool.start(workers: settings.workers)
        webhooks.start()
        walk?.start()
        housekeeping = Task { [weak database] in
            while (try? await Task.sleep(for: .seconds(300))) != nil {
                do {
                    try database?.lookAtClock()
                    try database?.uploads.removeExpired()
                } catch {
                    logger.error("expired uploads cannot be removed", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    /// Why a service does not start.
    enum ServiceError: Error, CustomStringConvertible {
        /// Anyone who reaches the address could use it.
        case openToAnyone(host: String)

        var description: String {
            switch self {
            case .openToAnyone(let host):
                "\(host) is not loopback, and without tokens anyone could use the service: make one (pruner token create), "
                    + "or permit it (--allow-anonymous)"
            }
        }
    }

    /// Where it can be reached.
    package var url: String {
        "http://\(settings.host.contains(":") ? "[\(settings.host)]" : settings.host):\(server.port)"
    }

    /// Finishes what is short, puts running jobs back into the queue, and ends.
    package func stop() async {
        housekeeping.cancel()
        walk?.stop()
        // Streams of events would last as long as their jobs.
        changes.close()
        await server.shutdown()
        await control.stop()
        pool.stop(workers: settings.workers)
        webhooks.stop()
        collector.stop()
        database.close()
    }

    /// What the operator should know of what was found in the data folder.
    private static func tell(_ opening: Database.Opening, _ logger: Logger) {
        if opening.lostLog {
            logger.warning(
                "the last process did not close the database, and its log pruner.sqlite-wal is gone: what was stored last may be lost")
        }
        if opening.lostCommits > 0 {
            logger.error(
                """
                the database lacks the last \(opening.lostCommits) changes that were made to it: its log pruner.sqlite-wal was cut or lost, \
                or an older database was put in its place; what was stored, queued or deleted last may be as it was before that
                """)
        }
        if opening.setAside.files > 0 {
            logger.warning(
                """
                \(opening.setAside.files) files of \(opening.setAside.bytes) bytes in blobs that no row names were put aside; \
                pruner doctor --adopt gives back what can be made of them
                """)
        }
    }
}
