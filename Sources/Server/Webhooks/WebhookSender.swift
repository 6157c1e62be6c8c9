import Dispatch
import Engine
import Foundation
import Logging
import Storage
import Synchronization

/// Threads that tell webhooks of jobs that have ended, at least once each: what the process did not see through is done by the next.
///
/// They are no workers: a receiver that is slow, or not there, holds up nothing but other webhooks, and those for seconds.
final class WebhookSender: Sendable {
    /// Events that are told at a time.
    private static let threads = 4
    /// Bytes of an answer that are read; no one looks at them.
    private static let answerLimit = 64 << 10
    /// Seconds after which it is looked again where the store fails.
    private static let rest = 5.0

    private let database: Database
    private let delays: WebhookDelays
    private let patience: Int
    private let allowsPrivate: Bool
    private let metrics: WebhookMetrics
    private let logger: Logger
    private let isStopping = Atomic(false)
    private let running = DispatchGroup()
    /// The jobs whose end is being told.
    private let inFlight = Mutex<Set<String>>([])

    /// - Parameters:
    ///   - patience: seconds that an attempt may take.
    ///   - allowsPrivate: whether they may lead to addresses that are not public.
    init(_ database: Database, delays: WebhookDelays, patience: Int, allowsPrivate: Bool, metrics: WebhookMetrics, logger: Logger) {
        self.database = database
        self.delays = delays
        self.patience = patience
        self.allowsPrivate = allowsPrivate
        self.metrics = metrics
        self.logger = logger
    }

    func start() {
        for number in 1...Self.threads {
            running.enter()
            // They wait for most of their lives: Dispatch has only so many threads, which others need.
            let thread = Thread {
                self.serve()
                self.running.leave()
            }
            thread.name = "webhooks-\(number)"
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    /// Ends attempts that are under way, which are made again at the next start, and waits for that.
    func stop() {
        isStopping.store(true, ordering: .relaxed)
        for _ in 0..<Self.threads { database.webhooks.wake() }
        running.wait()
    }

    private func serve() {
        let client = HTTPClient(mayConnect: allowsPrivate ? nil : { PublicAddress.contains($0) })
        client.connectTimeout = patience
        client.stallTimeout = patience
        client.totalTimeout = patience
        client.isCancelled = { self.isStopping.load(ordering: .relaxed) }
        while !isStopping.load(ordering: .relaxed) {
            do {
                // What becomes due after this is seen by the wait, what is due by then here.
                let now = Timestamp.now()
                guard let delivery = try take(now) else {
                    database.webhooks.wait(until: try database.webhooks.next(after: now) ?? Self.later(now, seconds: 3600))
                    continue
                }
                defer { inFlight.withLock { _ = $0.remove(delivery.job) } }
                try tell(delivery, client)
            } catch {
                logger.error("webhooks cannot be told: \(error)")
                database.webhooks.wait(until: Self.later(.now(), seconds: Self.rest))
            }
        }
    }

    private static func later(_ time: Timestamp, seconds: Double) -> Timestamp {
        Timestamp(milliseconds: time.milliseconds + Int64(seconds * 1000))
    }

    /// The next event that no other thread tells.
    private func take(_ now: Timestamp) throws -> WebhookDelivery? {
        try inFlight.withLock { inFlight throws -> WebhookDelivery? in
            let due = try database.webhooks.due(limit: inFlight.count + 1, now: now)
            for delivery in due where inFlight.insert(delivery.job).inserted { return delivery }
            return nil
        }
    }

    /// How an attempt went.
    private enum Outcome {
        case delivered
        /// The receiver wants no more (410).
        case refused(String)
        case failed(String)
    }

    private func tell(_ delivery: WebhookDelivery, _ client: HTTPClient) throws {
        let body: [UInt8]
        do { body = try Self.body(delivery, database) } catch StorageError.notFound { return }
        switch attempt(delivery, body, client) {
        case nil: return
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

    /// An answer has come whose body nobody needs.
    private struct AnswerSeen: Error {
        let status: Int
    }

    /// One attempt; nil when it was broken off because the process ends.
    private func attempt(_ delivery: WebhookDelivery, _ body: [UInt8], _ client: HTTPClient) -> Outcome? {
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
        do {
            var left = Self.answerLimit
            let answer = try client.send(request) { answer, bytes in
                left -= bytes.count
                if left < 0 { throw AnswerSeen(status: answer.status) }
            }
            return Self.outcome(answer.status)
        } catch let error as AnswerSeen {
            return Self.outcome(error.status)
        } catch ClientError.cancelled {
            return nil
        } catch {
            return .failed(trouble(error))
        }
    }

    private static func outcome(_ status: Int) -> Outcome {
        switch status {
        case 200..<300: .delivered
        case 410: .refused("the receiver answered 410 and wants no more")
        case 300..<400: .failed("the receiver answered \(status); redirects are not followed")
        default: .failed("the receiver answered \(status)")
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
