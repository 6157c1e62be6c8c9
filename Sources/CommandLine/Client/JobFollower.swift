import Documents
import Foundation
import HTTP

/// Follows a job at a server until it has ended, by its events, over as many connections as that takes.
package struct JobFollower {
    let client: ServiceClient
    /// Told every event, once and in order.
    let tellEvent: (JSON) -> Void
    /// Told how far the job is.
    let tellProgress: (ShownProgress) -> Void
    /// Told when a connection is lost.
    let tellTrouble: (String) -> Void

    package init(
        client: ServiceClient, tellEvent: @escaping (JSON) -> Void, tellProgress: @escaping (ShownProgress) -> Void,
        tellTrouble: @escaping (String) -> Void
    ) {
        self.client = client
        self.tellEvent = tellEvent
        self.tellProgress = tellProgress
        self.tellTrouble = tellTrouble
    }

    /// Times in a row that no connection brings anything.
    private static let mostFailures = 30

    /// Returns the job as it ended.
    ///
    /// - Throws: ``CommandFailure`` when there is no such job, or no server for long.
    package func follow(_ id: String) throws -> JSON {
        var (last, failures) = ("", 0)
        while true {
            var events = ServerSentEvents()
            do {
                var fields = [("Accept", "text/event-stream")]
                if !last.isEmpty { fields.append(("Last-Event-ID", last)) }
                _ = try client.stream(ClientRequest("GET", "/v1/jobs/\(id)/events", fields: fields)) { _, bytes in
                    for event in try events.take(bytes) {
                        failures = 0
                        last = event.id
                        try tell(event)
                    }
                }
                // The server ends the stream when the job has ended, and when it ends itself.
                let job = try client.get("/v1/jobs/\(id)", attempts: ServiceClient.attempts)
                if Self.hasEnded(job) { return job }
            } catch let error as ClientError where error.mayPass {
                tellTrouble("\(error); coming back")
            } catch let error as ServiceRefusal {
                guard error.mayPass else { throw error.failure }
                tellTrouble("\(error.detail); coming back")
            } catch is ServerSentEvents.TooLarge {
                throw CommandFailure(.unavailable, "an event is too large: is it a pruner server?")
            }
            failures += 1
            guard failures < Self.mostFailures else { throw CommandFailure(.unavailable, "the server does not tell of \(id) any more") }
            usleep(UInt32(min(events.retry ?? 2000, 60_000)) * 1000)
        }
    }

    static func hasEnded(_ job: JSON) -> Bool { ["succeeded", "failed", "cancelled"].contains(job["status"]?.word ?? "") }

    private func tell(_ event: ServerSentEvents.Event) throws {
        guard let document = try? JSON(parsing: Array(event.data.utf8)) else { return }
        guard event.event == "progress" else { return tellEvent(document) }
        tellProgress(
            ShownProgress(
                document["phase"]?.word ?? "", steps: document["completed"]?.integer ?? 0, of: document["total"]?.integer ?? 0,
                overall: document["overall"]?.double, remaining: document["eta_seconds"]?.double))
    }
}
