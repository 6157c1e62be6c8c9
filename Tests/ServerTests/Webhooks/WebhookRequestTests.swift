import Documents
import Foundation
import HTTP
import HTTPTypes
import Server
import ServiceSupport
import Storage
import Testing

/// Whom a job may name as its webhook, and that its secret stays one.
@Suite struct WebhookRequestTests {
    @Test(arguments: [
        ("http://127.0.0.1/", "s", ["/webhook/url"]), ("http://localhost:8080/x", "s", ["/webhook/url"]),
        ("http://[::1]/", "s", ["/webhook/url"]), ("ftp://example.com/", "s", ["/webhook/url"]),
        ("http://user@example.com/", "s", ["/webhook/url"]), ("https://example.com/", "", ["/webhook/secret"]),
        ("https://example.com/", "with space", ["/webhook/secret"]), ("https://example.com/", "whsec_", ["/webhook/secret"]),
        ("https://example.com/", "whsec_?", ["/webhook/secret"]), ("", "", ["/webhook/url", "/webhook/secret"]),
    ])
    func whatCanBeSeenToBeWrongIsRefused(url: String, secret: String, pointers: [String]) async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let request: JSON = [
                "checkpoint": .string(checkpoint), "pruning": ["method": "magnitude"],
                "webhook": ["url": .string(url), "secret": .string(secret)],
            ]
            for path in ["/v1/jobs", "/v1/jobs?dry_run=true"] {
                let answer = try await world.post(path, request)
                #expect(answer.status == 422)
                #expect(answer.pointers == pointers)
            }
            #expect(try await world.post("/v1/jobs", request.replacing(["webhook": [:]])).pointers == ["/webhook/url", "/webhook/secret"])
            let more: JSON = ["url": "https://example.com", "secret": "s", "method": "GET"]
            #expect(try await world.post("/v1/jobs", request.replacing(["webhook": more])).pointers == ["/webhook/method"])
        }
    }

    /// However it came into the queue, the address itself is looked at when the connection is made.
    @Test func noConnectionIsMadeToWhatIsNotPublic() async throws {
        try await Receiver.with({ _ in Response(status: .ok) }) { receiver in
            try await World.with { world in
                let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
                var id = ""
                try await world.restart(settings: { $0.webhookDelays = [] }) { folder in
                    let jobs = try Database(folder: folder).jobs
                    let webhook = Webhook(url: receiver.url().replacing("127.0.0.1", with: "localhost"), secret: "s")
                    let request: JSON = ["checkpoint": .string(checkpoint)]
                    id = try jobs.enqueue(.init(request: request.compact, checkpoint: checkpoint, webhook: webhook)).id
                    try jobs.cancel(id)
                }
                let webhook = try await world.told(id)
                #expect(webhook.status == "failed")
                #expect(webhook["error"] == "the URL leads to an address that is not public")
                #expect(receiver.callCount == 0)
                #expect(receiver.server.connectionCount == 0)
            }
        }
    }

    @Test func theSecretIsToldToNoOneAndChangesNothing() async throws {
        try await Receiver.with({ _ in Response(status: .ok) }) { receiver in
            try await World.with(settings: World.open([])) { world in
                let dataset = try await world.upload("/v1/datasets", Samples.pictures(4))
                let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
                let more: [String: JSON] = [
                    "checkpoint": .string(checkpoint), "dataset": .string(dataset), "evaluation": ["samples": 1, "steps": 1],
                ]
                let created = try await world.job(tellingTo: receiver.url(), more)
                let id = try #require(created["id"]?.text)
                let finished = try await world.finished(id)
                #expect(finished.status == "succeeded")
                let call = try #require(await receiver.next())
                _ = try await world.told(id)
                let result = try #require(finished.at("result", "checkpoint").text)
                var everything = Data(created.compact.utf8) + call.body + Data("\(call.fields)".utf8)
                for path in [
                    "/v1/jobs/\(id)", "/v1/jobs", "/v1/jobs/\(id)/events", "/v1/jobs/\(id)/metrics", "/v1/jobs/\(id)/plan",
                    "/v1/jobs/\(id)/report.html", "/v1/checkpoints/\(result)", "/v1/checkpoints/\(result)/content", "/metrics", "/healthz",
                    "/openapi.json",
                ] {
                    let answer = try await world.get(path)
                    #expect(answer.status == 200, "\(path)")
                    everything += answer.data
                }
                for path in try world.filesLeft() { everything += try Data(contentsOf: world.folder.appendingPathComponent(path)) }
                #expect(everything.range(of: Data(World.webhookSecret.utf8)) == nil)
                #expect(everything.range(of: Data("secret-of-the-test".utf8)) == nil)
                #expect(everything.range(of: Data(receiver.url().utf8)) != nil)

                let plain = try #require(try await world.job(tellingTo: "", more.merging(["webhook": .null]) { $1 })["id"]?.text)
                let other = try #require(try await world.finished(plain).at("result", "checkpoint").text)
                let content = try await world.get("/v1/checkpoints/\(result)/content").data
                #expect(try await world.get("/v1/checkpoints/\(other)/content").data == content)
                #expect(try await world.get("/v1/jobs/\(plain)").json["webhook"] == .null)
            }
        }
    }

    @Test func dryRunsAndRepeatedRequestsTellNothingTwice() async throws {
        try await Receiver.with({ _ in Response(status: .ok) }) { receiver in
            try await World.with(settings: World.open([])) { world in
                let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
                let request: JSON = [
                    "checkpoint": .string(checkpoint), "pruning": ["method": "magnitude"],
                    "webhook": ["url": .string(receiver.url()), "secret": .string(World.webhookSecret)],
                ]
                let dry = try await world.post("/v1/jobs?dry_run=true", request)
                #expect(dry.status == 200)
                #expect(!dry.json.compact.contains(World.webhookSecret))
                let body = Data(request.compact.utf8)
                func send() async throws -> World.Answer {
                    try await world.send("POST", "/v1/jobs", body: body, type: "application/json", headers: ["Idempotency-Key": "once"])
                }
                let first = try await send()
                #expect(first.status == 201)
                let id = try #require(first.json["id"]?.text)
                #expect(try await world.told(id).status == "delivered")
                let second = try await send()
                #expect(second.status == 201)
                #expect(second.json == first.json)
                let other = request.replacing(["webhook": ["url": .string(receiver.url()), "secret": "another"]])
                let third = try await world.send(
                    "POST", "/v1/jobs", body: Data(other.compact.utf8), type: "application/json", headers: ["Idempotency-Key": "once"])
                #expect(third.code == "idempotency_key_reused")
                #expect(receiver.callCount == 1)
            }
        }
    }
}
