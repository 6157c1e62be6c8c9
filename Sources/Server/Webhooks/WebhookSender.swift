import Dispatch
import Documents
import Foundation
import HTTP
import Jobs
import Logging
import Storage
import Synchronization

/// A thread that tells webhooks of jobs that have ended, at least once each: what the process did not see through is done by the next.
///
/// It is no worker: a receiver that is slow, or not there, holds up nothing but events of the same bearer to the same host. Beyond the bounds
/// below it holds up others, for as long as it is waited for at most.
final class WebhookSender: Sendable {
    /// Events that are told at a time (``DescriptorLimit/reserves`` has room for them); and of one bearer, so that there is always room for another.
    private static let atOnce = 64
    private static let perOwner = 48
    /// Milliseconds after which it is looked again where the store fails.
    private static let rest: Int64 = 5000
    /// Milliseconds after which it is looked again though there is nothing to do.
    private static let longest: Int64 = 3_600_000

    private let database: Database
    private let delays: WebhookDelays
    private let patience: Int
    private let allowsPrivate: Bool
    private let metrics: WebhookMetrics
    private let logger: Logger
    /// Made before anyone is served: a crowd that takes every descriptor would leave none for it, and then it could not be woken.
    private let waker: ParallelClient.Waker
    private let isStopping = Atomic(false)
    private let running = DispatchGroup()

    /// - Parameters:
    ///   - patience: seconds that an attempt may take.
    ///   - allowsPrivate: whether they may lead to addresses that are not public.
    /// - Throws: ``ClientError`` where no descriptor is free.
    init(_ database: Database, delays: WebhookDelays, patience: Int, allowsPrivate: Bool, metrics: WebhookMetrics, logger: Logger)
        throws
    {
        waker = try ParallelClient.Waker()
        self.database = database
        self.delays = delays
        self.patience = patience
        self.allowsPrivate = allowsPrivate
        self.metrics = metrics
        self.logger = logger
    }

    func start() {
        running.enter()
        // It waits for most of its life: Dispatch has only so many threads, which others need.
        let thread = Thread {
            self.serve()
            self.running.leave()
        }
        thread.name = "webhooks"
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Ends attempts that are under way, which are made again at the next start, and waits for that.
    func stop() {
        isStopping.store(true, ordering: .sequentiallyConsistent)
        database.webhooks.wake()
        running.wait()
    }

    /// What the thread knows.
    private final class Work {
        let client: ParallelClient
        /// One event of each lane is told at a time.
        var lanes: Set<WebhookLane> = []
        var countByOwner: [String: Int] = [:]
        /// Until when nothing is begun; nil where the store does not fail.
        var restsUntil: Timestamp?

        init(_ client: ParallelClient) { self.client = client }

        func enter(_ lane: WebhookLane) {
            lanes.insert(lane)
            countByOwner[lane.owner, default: 0] += 1
        }

        func leave(_ lane: WebhookLane) {
            lanes.remove(lane)
            countByOwner[lane.owner] = countByOwner[lane.owner].flatMap { $0 > 1 ? $0 - 1 : nil }
        }
    }

    private func serve() {
        let client = ParallelClient(
            waker: waker, userAgent: Program.userAgent, mayConnect: allowsPrivate ? nil : { PublicAddress.contains($0) })
        client.totalTimeout = patience
        let work = Work(client)
        database.webhooks.whenDue { [waker] in waker.wake() }
        defer { database.webhooks.whenDue(nil) }
        while !isStopping.load(ordering: .sequentiallyConsistent) {
            // What becomes due after this wakes the client, or is waited for; what is due by then is seen here.
            let now = Timestamp.now()
            if let rest = work.restsUntil, rest.milliseconds <= now.milliseconds { work.restsUntil = nil }
            do {
                let until = try work.restsUntil ?? begin(work, now)
                client.run(atMost: Int(clamping: min(Self.longest, max(0, until.milliseconds - Timestamp.now().milliseconds))))
            } catch {
                fail(error, work)
            }
        }
    }

    private func fail(_ error: any Error, _ work: Work) {
        logger.error("webhooks cannot be told: \(error)")
        work.restsUntil = Timestamp(milliseconds: Timestamp.now().milliseconds + Self.rest)
    }

    /// Begins to tell what is due, as far as there is room. Returns when it is to be looked again, unless something is over before.
    private func begin(_ work: Work, _ now: Timestamp) throws -> Timestamp {
        while work.lanes.count < Self.atOnce {
            let due = try database.webhooks.due(
                besides: work.lanes, owners: work.countByOwner.filter { $0.value >= Self.perOwner }.keys,
                limit: Self.atOnce - work.lanes.count, now: now)
            guard !due.isEmpty else { break }
            // A page may have more of one bearer than there is room for; the next one has none of them.
            for delivery in due where work.countByOwner[delivery.lane.owner, default: 0] < Self.perOwner {
                try tell(delivery, work)
            }
        }
        return try database.webhooks.next(after: now) ?? Timestamp(milliseconds: now.milliseconds + Self.longest)
    }

    /// How an attempt went.
    private enum Outcome {
        case delivered
        /// The receiver wants no more (410).
        case refused(String)
        case failed(String)
    }

    /// Begins an attempt.
    private func tell(_ delivery: WebhookDelivery, _ work: Work) throws {
        let body: [UInt8]
        do { body = try Self.body(delivery, database) } catch StorageError.notFound { return }
        let time = Timestamp.now().milliseconds / 1000
        let signature = WebhookSignature(secret: delivery.webhook.secret)
        let request = ClientRequest(
            "POST", delivery.webhook.url,
            fields: [
                // Without a value libcurl leaves it out: it would wait a second for 100 from those who do not send it.
                ("Expect", ""),
                ("Content-Type", "application/json"), ("webhook-id", delivery.event), ("webhook-timestamp", String(time)),
                ("webhook-signature", signature.value(id: delivery.event, timestamp: time, body: body)),
            ], body: .bytes(body))
        do throws(ClientError) {
            try work.client.begin(request) { [self, unowned work] answer, failure in
                work.leave(delivery.lane)
                do { try note(outcome(answer, failure), of: delivery) } catch { fail(error, work) }
            }
            work.enter(delivery.lane)
        } catch {
            try note(.failed(trouble(error)), of: delivery)
        }
    }

    private func note(_ outcome: Outcome, of delivery: WebhookDelivery) throws {
        switch outcome {
        case .delivered:
            metrics.delivered.increment()
            logger.info("webhook of \(delivery.job) delivered")
            try database.webhooks.delivered(delivery)
        case .refused(let trouble):
            metrics.failed.increment()
            logger.warning("webhook of \(delivery.job) failed: \(trouble); it is not tried again")
            try database.webhooks.failed(delivery, trouble, next: nil)
        case .failed(let trouble):
            metrics.failed.increment()
            let next = delays.next(after: delivery.attempts + 1)
            logger.warning(
                "webhook of \(delivery.job) failed: \(trouble); \(next.map { "next try at \($0.text)" } ?? "it is not tried again")")
            try database.webhooks.failed(delivery, trouble, next: next)
        }
    }

    /// The event, the same at every attempt.
    private static func body(_ delivery: WebhookDelivery, _ database: Database) throws -> [UInt8] {
        let job = try database.jobs.get(delivery.job).asEnded
        return Array(
            JSON.object([
                .init("id", .string(delivery.event)), .init("type", .string("job.\(job.status.rawValue)")),
                .init("created_at", .optional(job.finishedAt?.text)), .init("data", try job.payload()),
            ]).compact.utf8)
    }

    /// The status decides, whatever comes behind it or does not.
    private func outcome(_ answer: ClientAnswer, _ failure: (any Error)?) -> Outcome {
        if let failure, !answer.isFinal { return .failed(trouble(failure)) }
        return switch answer.status {
        case 200..<300: .delivered
        case 410: .refused("the receiver answered 410 and wants no more")
        case 300..<400: .failed("the receiver answered \(answer.status); redirects are not followed")
        default: .failed("the receiver answered \(answer.status)")
        }
    }

    /// In words for whoever may see the job: no URL, which may hold what the log should not, and nothing of the server's own network.
    private func trouble(_ error: any Error) -> String {
        switch error as? ClientError {
        case .forbiddenAddress: "the URL leads to an address that is not public"
        case .timeout: "no answer within \(patience) s"
        case .failed(_, let words): words
        default: "the URL cannot be used"
        }
    }
}
