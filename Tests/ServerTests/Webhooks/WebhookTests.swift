import Documents
import Foundation
import HTTP
import HTTPTypes
import Hashing
import Server
import ServiceSupport
import Storage
import Synchronization
import Testing

/// The end of a job is told to whom it names: at least once, signed, and to no one else.
@Suite struct WebhookTests {
    /// As docs/webhooks.md tells receivers to.
    private func isSigned(_ call: Receiver.Call) -> Bool {
        guard let id = call.fields["webhook-id"], let time = call.fields["webhook-timestamp"], let seconds = Double(time),
            abs(seconds - Date().timeIntervalSince1970) < 300
        else { return false }
        let code = AuthenticationCode.sha256(of: Array("\(id).\(time).".utf8) + call.body, key: Array("secret-of-the-test".utf8))
        return call.fields["webhook-signature"] == "v1," + Data(code).base64EncodedString()
    }

    @Test func itIsTriedUntilTheReceiverTakesIt() async throws {
        let statuses: [HTTPResponse.Status] = [.internalServerError, .init(code: 503), .noContent]
        try await Receiver.with({ Response(status: statuses[min($0, 2)]) }) { receiver in
            try await World.with(settings: World.open([0.001, 0.001, 0.001])) { world in
                let created = try await world.job(tellingTo: receiver.url("/hook?key=1"))
                #expect(created["webhook"]?.status == "waiting")
                let id = try #require(created["id"]?.text)
                var calls: [Receiver.Call] = []
                for _ in 0..<3 { calls.append(try #require(await receiver.next())) }
                for call in calls {
                    #expect(call.method == "POST" && call.path == "/hook")
                    #expect(call.fields["content-type"] == "application/json")
                    #expect(call.fields["expect"] == nil)
                    #expect(isSigned(call))
                    #expect(call.body == calls[0].body && call.fields["webhook-id"] == calls[0].fields["webhook-id"])
                }
                let event = calls[0].json
                #expect(event["id"]?.text == calls[0].fields["webhook-id"])
                #expect(event["id"]?.text?.hasPrefix("evt_") == true)
                #expect(event["type"] == "job.succeeded")
                let webhook = try await world.told(id)
                #expect(webhook.status == "delivered")
                #expect(webhook["attempts"] == 3)
                #expect(webhook["error"] == .null && webhook["next_attempt_at"] == .null)
                #expect(webhook["url"] == .string(receiver.url("/hook?key=1")))

                let job = try await world.get("/v1/jobs/\(id)").json
                #expect(event["created_at"] == job["finished_at"])
                #expect(event["data"]?.replacing(["webhook": .null]) == job.replacing(["webhook": .null]))
                let events = try await world.get("/v1/jobs/\(id)/events").json["data"]?.elements ?? []
                #expect(events.suffix(4).map { $0["event"] } == ["succeeded", "webhook_failed", "webhook_failed", "webhook_delivered"])
                #expect(events.first { $0["event"] == "webhook_failed" }?.at("data", "detail") == "the receiver answered 500")
                let metrics = String(decoding: try await world.get("/metrics").data, as: UTF8.self)
                #expect(metrics.contains("pruner_webhook_attempts_total{result=\"failed\"} 2\n"))
                #expect(metrics.contains("pruner_webhook_attempts_total{result=\"delivered\"} 1\n"))
                #expect(metrics.contains("pruner_webhooks_pending 0\n"))
                #expect(receiver.callCount == 3)
            }
        }
    }

    @Test func failuresAndCancellationsAreToldToo() async throws {
        try await Receiver.with({ _ in Response(status: .ok) }) { receiver in
            try await World.with(settings: World.open([])) { world in
                let dataset = try await world.upload("/v1/datasets", Samples.pictures(2))
                let long: JSON = ["steps": 1_000_000, "batch_size": 1]
                let more: [String: JSON] = ["dataset": .string(dataset), "finetuning": long, "pruning": .null]
                let cancelled = try #require(try await world.job(tellingTo: receiver.url(), more)["id"]?.text)
                _ = try await world.post("/v1/jobs/\(cancelled)/cancel", .null)
                let first = try #require(await receiver.next()).json
                #expect(first["type"] == "job.cancelled")
                #expect(first.at("data", "id").text == cancelled)
                // A loss that is no number any more.
                let hopeless: [String: JSON] = [
                    "dataset": .string(dataset), "pruning": .null,
                    "finetuning": ["steps": 1000, "batch_size": .integer(1), "learning_rate": .double(1e6), "gradient_clip": .null],
                ]
                let failed = try #require(try await world.job(tellingTo: receiver.url(), hopeless)["id"]?.text)
                let second = try #require(await receiver.next()).json
                #expect(second["type"] == "job.failed")
                #expect(second.at("data", "id").text == failed)
                #expect(second.at("data", "error", "code") == "loss_not_finite")
            }
        }
    }

    /// The receiver keeps one attempt waiting while the server ends; neither is it counted, nor does it hold up anything.
    @Test func itOutlivesTheServer() async throws {
        let isOpen = Atomic(false)
        let (stopped, stop) = AsyncStream.makeStream(of: Void.self)
        try await Receiver.with({ number in
            if number == 0 { for await _ in stopped {} }
            return Response(status: isOpen.load(ordering: .relaxed) ? .ok : .badGateway)
        }) { receiver in
            try await World.with(settings: World.open([0.001, 0.001])) { world in
                let id = try #require(try await world.job(tellingTo: receiver.url())["id"]?.text)
                let first = try #require(await receiver.next())
                // Jobs go on meanwhile.
                let other = try #require(try await world.job(tellingTo: receiver.url(), ["webhook": .null])["id"]?.text)
                #expect(try await world.finished(other).status == "succeeded")
                #expect(try await world.get("/v1/jobs/\(id)").json.at("webhook", "attempts") == 0)
                isOpen.store(true, ordering: .relaxed)
                try await world.restart()
                stop.finish()
                let second = try #require(await receiver.next())
                #expect(second.fields["webhook-id"] == first.fields["webhook-id"])
                #expect(second.body == first.body)
                #expect(isSigned(second))
                #expect(try await world.told(id)["attempts"] == 1)
            }
        }
    }

    @Test(arguments: [301, 302, 307, 308])
    func redirectsAreNotFollowed(status: Int) async throws {
        try await Receiver.with({ _ in Response(status: .init(code: status), fields: [.location: "/elsewhere"]) }) { receiver in
            try await World.with(settings: World.open([0.001])) { world in
                let id = try #require(try await world.job(tellingTo: receiver.url())["id"]?.text)
                let webhook = try await world.told(id)
                #expect(webhook.status == "failed")
                #expect(webhook["attempts"] == 2)
                #expect(webhook["error"]?.text == "the receiver answered \(status); redirects are not followed")
                for _ in 0..<2 { #expect(await receiver.next()?.path == "/hook") }
                #expect(receiver.callCount == 2)
            }
        }
    }

    @Test func aReceiverThatIsGoneIsLeftAlone() async throws {
        try await Receiver.with({ _ in Response(status: .gone) }) { receiver in
            try await World.with(settings: World.open([0.001, 0.001])) { world in
                let id = try #require(try await world.job(tellingTo: receiver.url())["id"]?.text)
                let webhook = try await world.told(id)
                #expect(webhook.status == "failed")
                #expect(webhook["attempts"] == 1)
                #expect(receiver.callCount == 1)
            }
        }
    }

    /// The status counts; what comes behind it is read to a bound, however much it would be.
    @Test func anAnswerWithoutEndIsNotReadToIt() async throws {
        let endless: @Sendable (Int) async throws -> Response = { _ in
            Response(
                status: .ok,
                body: .stream(length: nil) { writer in
                    while true { try await writer.write([UInt8](repeating: 0x20, count: 65536)) }
                })
        }
        try await Receiver.with(endless) { receiver in
            try await World.with(settings: World.open([])) { world in
                let id = try #require(try await world.job(tellingTo: receiver.url())["id"]?.text)
                #expect(try await world.told(id).status == "delivered")
            }
        }
    }

    /// The head says 2xx, and the rest never comes to an end: it is delivered, once.
    @Test(arguments: [nil, 1000]) func theStatusCountsThoughTheBodyHangs(length: Int64?) async throws {
        let gate = Gate()
        let dripping: @Sendable (Int) async throws -> Response = { _ in
            Response(
                status: .accepted,
                body: .stream(length: length) { writer in
                    try await writer.write([0x20])
                    await gate.wait()
                })
        }
        try await Receiver.with(dripping) { receiver in
            try await World.with(settings: World.open([0.001])) { world in
                let id = try #require(try await world.job(tellingTo: receiver.url())["id"]?.text)
                let webhook = try await world.told(id)
                #expect(webhook.status == "delivered" && webhook["attempts"] == 1)
                #expect(receiver.callCount == 1)
                gate.open()
            }
        }
    }

    /// All of them due before the good one: of the same bearer as far as they get at a time, and more of another bearer.
    @Test(arguments: [(40, false), (120, true)]) func receiversThatHangHoldUpNoOther(count: Int, isOthers: Bool) async throws {
        let gate = Gate()
        let hang: @Sendable (Int) async throws -> Response = { _ in
            await gate.wait()
            return Response(status: .ok)
        }
        try await Receiver.with(host: "0.0.0.0", hang) { hanging in
            try await Receiver.with({ _ in Response(status: .ok) }) { good in
                try await World.with(settings: World.open([])) { world in
                    let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
                    var id = ""
                    try await world.restart(settings: { _ in }) { folder in
                        let database = try Database(folder: folder)
                        let owners = try ["a", "b"].map { Owner(try database.tokens.create(name: $0, scope: .write).token) }
                        let request = (["checkpoint": .string(checkpoint)] as JSON).compact
                        let urls = (1...count).map { hanging.url(host: "127.0.0.\($0)") }
                        for url in urls + [good.url()] {
                            let owner = url == good.url() && isOthers ? owners[1] : owners[0]
                            let webhook = Webhook(url: url, secret: "s")
                            id = try database.jobs.enqueue(.init(request: request, checkpoint: checkpoint, webhook: webhook), owner: owner)
                                .id
                            try database.jobs.cancel(id)
                        }
                        for token in try database.tokens.list() { try database.tokens.revoke(token.id) }
                    }
                    #expect(await good.next()?.json.at("data", "id").text == id)
                    #expect(try await world.told(id).status == "delivered")
                    for _ in 0..<min(count, 48) { _ = await hanging.next() }
                    gate.open()
                }
            }
        }
    }

    @Test func deletingTheJobEndsTheAttempts() async throws {
        try await Receiver.with({ _ in Response(status: .internalServerError) }) { receiver in
            try await World.with(settings: World.open([3600])) { world in
                let id = try #require(try await world.job(tellingTo: receiver.url())["id"]?.text)
                while try await world.get("/v1/jobs/\(id)").json.at("webhook", "attempts") != 1 { await Task.yield() }
                let waiting = try await world.get("/v1/jobs/\(id)").json["webhook"] ?? .null
                #expect(waiting.status == "pending" && waiting["next_attempt_at"]?.text != nil)
                #expect(try await world.send("DELETE", "/v1/jobs/\(id)").status == 204)
                let metrics = String(decoding: try await world.get("/metrics").data, as: UTF8.self)
                #expect(metrics.contains("pruner_webhooks_pending 0\n"))
            }
        }
    }
}
