import HTTP
import Jobs
import Storage

/// What is read only when Prometheus asks: it costs a few questions to the database and the kernel, and requests nothing.
struct Scrape: Sendable {
    let database: Database
    let resources: JobResources
    let workers: Int
    let server: HTTPServer

    private static let build = "pruner_build_info"
    private static let connections = "pruner_http_connections"
    private static let received = "pruner_http_received_bytes_total"
    private static let sent = "pruner_http_sent_bytes_total"
    private static let unreadable = "pruner_http_unreadable_requests_total"
    private static let streams = "pruner_event_streams"
    private static let jobs = "pruner_jobs"
    private static let oldest = "pruner_jobs_oldest_queued_age_seconds"
    private static let ended = "pruner_jobs_ended_total"
    private static let phases = "pruner_jobs_running"
    private static let workerCount = "pruner_workers"
    private static let speed = "pruner_engine_flops"
    private static let webhooks = "pruner_webhooks_pending"
    private static let peak = "pruner_memory_peak_bytes"
    private static let limit = "pruner_job_memory_limit_bytes"
    private static let free = "pruner_disk_free_bytes"
    private static let stored = "pruner_stored_bytes"

    private static let damaged = "pruner_damaged_blobs"

    static let families = [
        MetricFamily(name: build, kind: .gauge, help: "Always 1; the labels tell the version and the BLAS."),
        MetricFamily(name: connections, kind: .gauge, help: "Open connections."),
        MetricFamily(name: received, kind: .counter, help: "Bytes that came in over connections."),
        MetricFamily(name: sent, kind: .counter, help: "Bytes that the kernel took to send."),
        MetricFamily(
            name: unreadable, kind: .counter, help: "Requests without a head that could be read: malformed, too large, too slow."),
        MetricFamily(name: streams, kind: .gauge, help: "Clients that follow a job's events."),
        MetricFamily(name: jobs, kind: .gauge, help: "Jobs there are, by status."),
        MetricFamily(name: oldest, kind: .gauge, help: "Since when the oldest queued job exists; 0 without one."),
        MetricFamily(name: ended, kind: .counter, help: "Jobs that ended since the process began, by how."),
        MetricFamily(name: phases, kind: .gauge, help: "Running jobs, by the phase they are at."),
        MetricFamily(name: workerCount, kind: .gauge, help: "Jobs that may run at the same time."),
        MetricFamily(
            name: speed, kind: .gauge,
            help: "Floating-point operations a second of running jobs lately: two for a multiply-accumulate of the plain algorithms."),
        MetricFamily(name: webhooks, kind: .gauge, help: "Ends of jobs that webhooks are still to be told of."),
        MetricFamily(name: peak, kind: .gauge, help: "The most memory that was resident since the last job began."),
        MetricFamily(name: limit, kind: .gauge, help: "Memory that the process may hold while a job runs."),
        MetricFamily(name: free, kind: .gauge, help: "Room on the disk of the data folder."),
        MetricFamily(name: damaged, kind: .gauge, help: "Stored files that are known to hold other bytes than were stored."),
        MetricFamily(name: stored, kind: .gauge, help: "Bytes of all that is kept: checkpoints, datasets, samples, saves."),
    ]

    func samples(_ metrics: JobMetrics) throws -> [MetricSample] {
        let load = try database.jobs.load()
        let age = load.oldestQueued.map { max(0, Timestamp.now().milliseconds - $0.milliseconds) } ?? 0
        let traffic = server.traffic
        var samples = [
            MetricSample(Self.build, [("version", Program.version), ("blas", Arithmetic.provider)], 1),
            MetricSample(Self.connections, [], Double(server.connectionCount)),
            MetricSample(Self.received, [], Double(traffic.received.load(ordering: .relaxed))),
            MetricSample(Self.sent, [], Double(traffic.sent.load(ordering: .relaxed))),
            MetricSample(Self.unreadable, [], Double(traffic.unreadable.load(ordering: .relaxed))),
            MetricSample(Self.streams, [], Double(database.jobs.changes.followerCount)),
            MetricSample(Self.oldest, [], Double(age) / 1000),
            MetricSample(Self.workerCount, [], Double(workers)),
            MetricSample(Self.speed, [], 2 * metrics.speed),
            MetricSample(Self.webhooks, [], Double(try database.webhooks.pendingCount())),
            MetricSample(Self.limit, [], Double(resources.memory)),
            MetricSample(Self.damaged, [], Double(database.blobs.damagedCount)),
            MetricSample(Self.stored, [], Double(try database.storedBytes())),
        ]
        if let free = try database.freeBytes() { samples.append(MetricSample(Self.free, [], Double(free))) }
        if let peak = MemoryGauge.peak { samples.append(MetricSample(Self.peak, [], Double(peak))) }
        for status in JobStatus.allCases {
            samples.append(MetricSample(Self.jobs, [("status", status.rawValue)], Double(load.counts[status] ?? 0)))
            if !status.isLive {
                samples.append(MetricSample(Self.ended, [("status", status.rawValue)], Double(database.jobs.ended(as: status))))
            }
        }
        for phase in JobPhase.allCases {
            samples.append(MetricSample(Self.phases, [("phase", phase.rawValue)], Double(load.phases[phase] ?? 0)))
        }
        return samples
    }
}
