import Foundation
import Storage
import Testing

/// The end of a job and the event that tells of it are one change.
@Suite struct WebhookStoreTests {
    private static let webhook = Webhook(url: "https://example.com/hook", secret: "hush")

    private func job(_ database: Database, _ webhook: Webhook = webhook, owner: Owner? = nil) throws -> String {
        try database.jobs.enqueue(.init(request: "{}", checkpoint: database.checkpoint(), webhook: webhook), owner: owner).id
    }

    private func state(_ id: String, _ database: Database) throws -> JobWebhook {
        try #require(try database.jobs.get(id).webhook)
    }

    @Test(arguments: [JobStatus.succeeded, .failed, .cancelled])
    func everyEndIsToBeTold(status: JobStatus) throws {
        let store = try Store()
        let database = store.database
        let id = try job(database)
        #expect(try state(id, database).status == .waiting)
        #expect(try database.webhooks.due(limit: 9).isEmpty)
        #expect(try database.jobs.claim(worker: "w")?.id == id)
        #expect(try database.webhooks.due(limit: 9).isEmpty)
        switch status {
        case .succeeded: try database.jobs.complete(id)
        case .failed: try database.jobs.fail(id, JobFailure(code: "c", detail: "d"))
        default:
            try database.jobs.cancel(id)
            try database.jobs.stopped(id)
        }
        let delivery = try #require(try database.webhooks.due(limit: 9).first)
        #expect(delivery.job == id && delivery.webhook == Self.webhook && delivery.attempts == 0)
        #expect(delivery.event.hasPrefix("evt_"))
        #expect(try state(id, database).status == .pending)
        #expect(try database.webhooks.pendingCount() == 1)
    }

    @Test func aWaitingJobThatIsCancelledIsToBeToldToo() throws {
        let store = try Store()
        let id = try job(store.database)
        try store.database.jobs.cancel(id)
        #expect(try store.database.webhooks.due(limit: 9).map(\.job) == [id])
    }

    @Test func ajobWithoutOneTellsNoOne() throws {
        let store = try Store()
        let id = try store.database.job(in: .succeeded)
        #expect(try store.database.jobs.get(id).webhook == nil)
        #expect(try store.database.webhooks.due(limit: 9).isEmpty)
    }

    @Test func anAttemptThatFailsIsMadeAgainAndTheSecretGoesInTheEnd() throws {
        let store = try Store()
        let database = store.database
        let id = try job(database)
        try database.jobs.cancel(id)
        let first = try #require(try database.webhooks.due(limit: 9).first)
        let later = Timestamp(milliseconds: Timestamp.now().milliseconds + 60_000)
        try database.webhooks.failed(first, "it was busy", next: later)
        #expect(try database.webhooks.due(limit: 9).isEmpty)
        #expect(try database.webhooks.next(after: .now()) == later)
        #expect(try database.webhooks.next(after: later) == nil)
        let state = try state(id, database)
        #expect(state.status == .pending && state.attempts == 1 && state.nextAttempt == later && state.trouble == "it was busy")
        let second = try #require(try database.webhooks.due(limit: 9, now: later).first)
        #expect(second.event == first.event && second.attempts == 1 && second.webhook == Self.webhook)
        try database.webhooks.delivered(second)
        let end = try self.state(id, database)
        #expect(end.status == .delivered && end.attempts == 2 && end.nextAttempt == nil && end.trouble == nil)
        let events = try database.jobs.events(of: id)
        #expect(events.map(\.event) == ["queued", "cancelled", "webhook_failed", "webhook_delivered"])
        #expect(events[2].data == #"{"attempt":"1","detail":"it was busy","next_attempt_at":"\#(later.text)"}"#)
        #expect(events[3].data == #"{"attempt":"2"}"#)
        // Once is enough.
        try database.webhooks.failed(second, "late", next: later)
        try database.webhooks.delivered(second)
        #expect(try self.state(id, database) == end)
        #expect(try database.jobs.events(of: id).count == 4)
        #expect(throws: StorageError.self) { try database.execute("UPDATE webhooks SET secret = 'again'") }
    }

    @Test func whatIsGivenUpIsNotTriedAgain() throws {
        let store = try Store()
        let database = store.database
        let id = try job(database)
        try database.jobs.cancel(id)
        try database.webhooks.failed(#require(try database.webhooks.due(limit: 9).first), "gone", next: nil)
        #expect(try state(id, database).status == .failed)
        #expect(try database.webhooks.next(after: Timestamp(milliseconds: 0)) == nil)
        #expect(throws: StorageError.self) { try database.execute("UPDATE webhooks SET secret = 'again'") }
    }

    @Test func deletingAJobEndsItsTelling() throws {
        let store = try Store()
        let database = store.database
        let id = try job(database)
        try database.jobs.cancel(id)
        let delivery = try #require(try database.webhooks.due(limit: 9).first)
        try database.jobs.delete(id)
        #expect(try database.webhooks.pendingCount() == 0)
        try database.webhooks.delivered(delivery)
        try database.webhooks.failed(delivery, "late", next: .now())
        #expect(try database.webhooks.pendingCount() == 0)
    }

    /// What a killed server leaves: jobs that are running, and events that are not told.
    @Test func eventsOutliveTheProcess() throws {
        var ids: [String] = []
        var event = ""
        try Store.restarting { database, _ in
            ids = [try job(database), try job(database, Webhook(url: "https://example.com:444", secret: "hush"))]
            #expect(try database.jobs.claim(worker: "w")?.id == ids[0])
            try database.jobs.cancel(ids[1])
            event = try #require(try database.webhooks.due(limit: 9).first).event
        } after: { database, _ in
            #expect(try database.webhooks.due(limit: 9).map(\.event) == [event])
            // The other one cannot go on: its end comes about here.
            try database.jobs.recover(maxAttempts: 1)
            #expect(try database.jobs.get(ids[0]).status == .failed)
            #expect(Set(try database.webhooks.due(limit: 9).map(\.job)) == Set(ids))
        }
    }

    @Test func theLongestDueComeFirst() throws {
        let store = try Store()
        let database = store.database
        let ids = try (0..<4).map { try job(database, Webhook(url: "https://\($0).example.com", secret: "hush")) }
        for id in ids { try database.jobs.cancel(id) }
        let due = try database.webhooks.due(limit: 9)
        #expect(due.count == 4)
        #expect(try database.webhooks.due(limit: 2) == Array(due.prefix(2)))
        for (index, delivery) in due.enumerated() {
            try database.webhooks.failed(delivery, "x", next: Timestamp(milliseconds: Int64(1000 - index)))
        }
        #expect(try database.webhooks.due(limit: 9).map(\.job) == due.map(\.job).reversed())
    }

    /// However many wait for one host, they do not hide another's.
    @Test func eachHostOfEachBearerHasItsLongestDue() throws {
        let store = try Store()
        let database = store.database
        let owners = try ["a", "b"].map { Owner(try database.tokens.create(name: $0, scope: .write).token) }
        let slow = ["https://slow.example", "HTTPS://SLOW.example:443/x", "https://slow.example.?y"]
        var ids: [String] = []
        for url in slow + ["http://slow.example", "https://good.example"] {
            ids.append(try job(database, Webhook(url: url, secret: "s"), owner: owners[0]))
        }
        ids.append(try job(database, Webhook(url: slow[0], secret: "s"), owner: owners[1]))
        ids.append(try job(database, Webhook(url: slow[0], secret: "s")))
        for (number, id) in ids.enumerated() {
            try database.jobs.cancel(id)
            // Events of one millisecond have no order.
            try database.execute("UPDATE webhooks SET next_at = \(number + 1) WHERE job = '\(id)'")
        }
        let due = try database.webhooks.due(limit: 9)
        #expect(due.map(\.job) == [ids[0]] + ids[3...])
        let slowHost = "slow.example:443"
        #expect(due.map(\.lane.host) == [slowHost, "slow.example:80", "good.example:443", slowHost, slowHost])
        #expect(due.map(\.lane.owner) == [owners[0].token, owners[0].token, owners[0].token, owners[1].token, ""])
        #expect(try database.webhooks.due(besides: due.dropFirst().map(\.lane), limit: 9).map(\.job) == [ids[0]])
        #expect(try database.webhooks.due(besides: [due[0].lane], limit: 9).map(\.job) == Array(ids[3...]))
        #expect(try database.webhooks.due(owners: [owners[0].token], limit: 9).map(\.job) == Array(ids[5...]))
        #expect(try database.webhooks.due(owners: ["", owners[1].token], limit: 1).map(\.job) == [ids[0]])
        try database.webhooks.delivered(due[0])
        #expect(try database.webhooks.due(limit: 1).map(\.job) == [ids[1]])
    }
}
