import Documents
import Foundation
import ServiceSupport
import TestSupport
import Testing

/// Server-sent events, over real sockets.
@Suite struct EventStreamTests {
    private struct Event {
        var id: Int?
        var type = ""
        var data = JSON.null

        /// The events of a stream, by the rules of WHATWG HTML, section 9.2.6.
        static func all(_ text: String) -> [Event] {
            text.components(separatedBy: "\n\n").compactMap { block in
                var event = Event()
                for line in block.split(separator: "\n") {
                    if line.hasPrefix("id: ") { event.id = Int(line.dropFirst(4)) }
                    if line.hasPrefix("event: ") { event.type = String(line.dropFirst(7)) }
                    if line.hasPrefix("data: ") { event.data = (try? JSON(parsing: Array(line.dropFirst(6).utf8))) ?? .null }
                }
                return event.type.isEmpty ? nil : event
            }
        }
    }

    private static let accept = ["Accept": "text/event-stream"]

    private static func uploads(_ world: World) async throws -> (checkpoint: String, dataset: String) {
        (
            try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet())),
            try await world.upload("/v1/datasets", Samples.pictures(6))
        )
    }

    private static func post(_ world: World, pruning: JSON = nil, steps: Int? = nil) async throws -> String {
        let (checkpoint, dataset) = try await uploads(world)
        let finetuning = steps.map { JSON.object([.init("steps", .integer($0)), .init("batch_size", 1)]) } ?? .null
        let answer = try await world.post(
            "/v1/jobs",
            ["checkpoint": .string(checkpoint), "dataset": .string(dataset), "pruning": pruning, "finetuning": finetuning])
        return try #require(answer.json["id"]?.text, "\(answer.detail)")
    }

    /// A job that goes on until it is stopped.
    private static func long(_ world: World) async throws -> String { try await post(world, steps: 100_000_000) }

    private static func listen(_ world: World, _ job: String, query: String = "", after: Int? = nil) throws -> Client {
        let client = try world.socket()
        let last = after.map { "Last-Event-ID: \($0)\r\n" } ?? ""
        client.send(
            "GET /v1/jobs/\(job)/events\(query) HTTP/1.1\r\nHost: localhost:\(try world.port)\r\nAccept: text/event-stream\r\n\(last)"
                + "Connection: close\r\n\r\n")
        return client
    }

    /// A chunked body put together; nil when it breaks off.
    private static func body(_ answer: String) -> String? {
        var rest = Array(answer.content.utf8)[...]
        var body: [UInt8] = []
        while let end = rest.firstIndex(of: 0x0D) {
            guard let size = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16) else { return nil }
            if size == 0 { return String(decoding: body, as: UTF8.self) }
            let content = rest[(end + 2)...]
            guard content.count >= size + 2 else { return nil }
            body += content.prefix(size)
            rest = content.dropFirst(size + 2)
        }
        return nil
    }

    @Test func aStreamTellsAllOfAJobAndEnds() async throws {
        try await World.with(isBlocking: true) { world in
            let job = try await Self.post(
                world, pruning: ["ratio": .double(0.5), "batch_size": 2, "timesteps": ["stride": 100]], steps: 20)
            let answer = try Self.listen(world, job).receiveAll()
            #expect(answer.status == 200)
            let head = answer.head.lowercased()
            for field in ["content-type: text/event-stream\r\n", "cache-control: no-store\r\n", "vary: accept\r\n"] {
                #expect(head.contains(field), "\(field)")
            }
            let events = Event.all(try #require(Self.body(answer)))
            let kept = events.filter { $0.id != nil }
            let list = try await world.get("/v1/jobs/\(job)/events")
            #expect(list.headers["vary"] == "Accept")
            #expect(kept.map(\.data) == list.json["data"]?.elements)
            #expect(kept.map(\.type) == list.json["data"]?.elements.compactMap { $0["event"]?.text })
            #expect(kept.map(\.id) == list.json["data"]?.elements.map { $0["id"]?.integer })
            #expect(kept.first?.type == "queued" && events.last?.type == "succeeded")
            // How far it is, in the words of the job.
            let progress = events.filter { $0.type == "progress" }
            #expect(!progress.isEmpty)
            for event in progress {
                #expect(event.data["job"]?.text == job && event.data.status == "running" && event.data["fraction"]?.double != nil)
            }
            #expect(!events.contains { $0.type == "points" })
            // One share over all phases: it never falls, and is whole at the end.
            let shares = progress.compactMap { $0.data["overall"]?.double }
            #expect(shares.count == progress.count && shares == shares.sorted())
            for event in progress where event.data["phase"]?.text == "finetuning" {
                // It begins where scoring ended, not at nothing, and ends where everything does.
                let (phase, all) = (event.data["fraction"]?.double ?? 0, event.data["overall"]?.double ?? 0)
                #expect(all > phase || all == 1, "\(event.data)")
            }
            #expect(try await world.get("/v1/jobs/\(job)").json["progress"]?["overall"]?.double == 1)
        }
    }

    @Test func aClientThatComesBackGetsTheRest() async throws {
        try await World.with { world in
            let job = try await Self.post(world, pruning: ["method": "magnitude"])
            _ = try await world.finished(job)
            let path = "/v1/jobs/\(job)/events"
            let ids = try await world.get(path).json["data"]?.elements.compactMap { $0["id"]?.integer } ?? []
            #expect(ids.count > 3)
            for seen in [0] + ids {
                let answer = try await world.send("GET", path, headers: ["Accept": "text/event-stream", "Last-Event-ID": "\(seen)"])
                // One that has seen everything is told not to come again.
                #expect(answer.status == (seen == ids.last ? 204 : 200))
                let events = Event.all(String(decoding: answer.data, as: UTF8.self))
                #expect(events.compactMap(\.id) == ids.filter { $0 > seen })
            }
        }
    }

    @Test func theNewPointsOfSeriesComeOnRequest() async throws {
        try await World.with(isBlocking: true) { world in
            let job = try await Self.long(world)
            let client = try Self.listen(world, job, query: "?points=new")
            var text = client.receive(until: "event: points")
            text += client.receive(until: "event: points")
            text += client.receive(until: "\n\n")
            #expect(try await world.send("POST", "/v1/jobs/\(job)/cancel").status == 202)
            text += client.receiveAll()
            let events = Event.all(try #require(Self.body(text)))
            let steps = events.filter { $0.type == "points" }.flatMap {
                $0.data["finetuning"]?.elements.compactMap { $0["step"]?.integer } ?? []
            }
            #expect(steps.count > 1 && steps == steps.sorted() && Set(steps).count == steps.count)
            #expect(events.suffix(2).map(\.type).contains("cancelled"))
        }
    }

    @Test func aCancelledJobEndsItsStreams() async throws {
        try await World.with(isBlocking: true) { world in
            let job = try await Self.long(world)
            let clients = try (0..<3).map { _ in try Self.listen(world, job) }
            for client in clients { #expect(client.receive(until: "\"finetuning\"").contains("finetuning")) }
            #expect(try await world.send("POST", "/v1/jobs/\(job)/cancel").status == 202)
            for client in clients {
                let rest = client.receiveAll()
                #expect(rest.contains("event: cancel_requested\n") && rest.contains("event: cancelled\n"))
                #expect(rest.hasSuffix("0\r\n\r\n"))
            }
        }
    }

    @Test func aServerThatStopsEndsStreamsAtOnceAndTheyGoOnAfterwards() async throws {
        try await World.with(isBlocking: true) { world in
            let job = try await Self.long(world)
            let client = try Self.listen(world, job)
            let text = client.receive(until: "event: progress")
            try await world.restart()
            // It is ended as it should be: a request in progress would be cut off when its ten seconds are over.
            let all = text + client.receiveAll()
            #expect(all.hasSuffix("0\r\n\r\n"))
            let last = try #require(Event.all(all.replacing("\r\n", with: "\n")).compactMap(\.id).last)
            let again = try Self.listen(world, job, after: last)
            // What there was before is not told again.
            let rest = again.receive(until: "event: started")
            #expect(rest.contains("event: released\n") && rest.contains("event: started") && !rest.contains("event: queued\n"))
            #expect(try await world.send("POST", "/v1/jobs/\(job)/cancel").status == 202)
            #expect(again.receiveAll().contains("event: cancelled\n"))
        }
    }

    /// More than there are threads to hold; and no more than leave room for others.
    @Test func readersWhoDoNotReadHoldNobodyUp() async throws {
        try await World.with(isBlocking: true) { world in
            let job = try await Self.long(world)
            var clients: [Client] = []
            for number in 0..<256 {
                let client = try Self.listen(world, job, query: number < 16 ? "?points=new" : "")
                // Its beginning only: it is counted.
                #expect(client.receive(until: "retry: ").status == 200)
                clients.append(client)
            }
            let refused = try await world.send("GET", "/v1/jobs/\(job)/events", headers: Self.accept)
            #expect(refused.status == 503 && refused.code == "too_many_streams" && refused.headers["retry-after"] != nil)
            #expect(try await world.get("/v1/jobs/\(job)/events").status == 200)
            let before = try await world.get("/v1/jobs/\(job)").json.at("progress", "completed").integer ?? 0
            while try await world.get("/v1/jobs/\(job)").json.at("progress", "completed").integer ?? 0 <= before { await Task.yield() }
            #expect(try await world.send("POST", "/v1/jobs/\(job)/cancel").status == 202)
            #expect(try await world.finished(job).status == "cancelled")
            for client in clients { #expect(client.receiveAll().hasSuffix("0\r\n\r\n")) }
        }
    }

    /// The bound is looked at and taken in one step, however many come at once.
    @Test(.timeLimit(.minutes(5))) func aBurstOfStreamsGetsNoMorePlacesThanThereAre() async throws {
        try await World.with(isBlocking: true) { world in
            let job = try await Self.long(world)
            for _ in 0..<2 {
                var clients = try (0..<600).map { _ in try world.socket() }
                for client in clients { try Self.ask(client, world, "GET", job) }
                let answers = clients.map { client in
                    let head = client.receive(until: "\r\n\r\n")
                    // Its beginning too: it is counted.
                    return head.status == 200 && !head.contains("retry: ") ? head + client.receive(until: "retry: ") : head
                }
                #expect(answers.count { $0.status == 200 } == 256)
                #expect(answers.count { $0.status == 503 && $0.lowercased().contains("retry-after: ") } == 344)
                clients = []
                // Whoever leaves gives a place back, and only that.
                while try await Self.streams(world) > 0 { await Task.yield() }
            }
            #expect(try await world.send("POST", "/v1/jobs/\(job)/cancel").status == 202)
        }
    }

    /// By `HEAD`, by 204, and where the client is gone before the first byte.
    @Test(.timeLimit(.minutes(5))) func aStreamThatNeverBeginsKeepsNoPlace() async throws {
        try await World.with(isBlocking: true) { world in
            let ended = try await Self.post(world, pruning: ["method": "magnitude"])
            _ = try await world.finished(ended)
            let job = try await Self.long(world)
            let last = try #require(try await world.get("/v1/jobs/\(ended)/events").json["last_id"]?.integer)
            let client = try world.socket()
            for _ in 0..<300 {
                try Self.ask(client, world, "HEAD", job)
                #expect(client.receive(until: "\r\n\r\n").status == 200)
                try Self.ask(client, world, "GET", ended, after: last)
                #expect(client.receive(until: "\r\n\r\n").status == 204)
                try Self.ask(world.socket(), world, "GET", job)
            }
            var clients: [Client] = []
            while clients.count < 256 {
                let client = try Self.listen(world, job)
                if client.receive(until: "retry: ").status == 200 { clients.append(client) }
            }
            #expect(try await world.send("GET", "/v1/jobs/\(job)/events", headers: Self.accept).status == 503)
            #expect(try await world.send("POST", "/v1/jobs/\(job)/cancel").status == 202)
        }
    }

    private static func ask(_ client: Client, _ world: World, _ method: String, _ job: String, after: Int? = nil) throws {
        let last = after.map { "Last-Event-ID: \($0)\r\n" } ?? ""
        client.send(
            "\(method) /v1/jobs/\(job)/events HTTP/1.1\r\nHost: localhost:\(try world.port)\r\nAccept: text/event-stream\r\n\(last)\r\n")
    }

    /// How many follow a job, by the metrics.
    private static func streams(_ world: World) async throws -> Int {
        let text = String(decoding: try await world.get("/metrics").data, as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix("pruner_event_streams ") }
        return try #require(line?.split(separator: " ").last.flatMap { Double($0) }.map { Int($0) })
    }

    @Test(arguments: [
        ("/events", ["Accept": "text/event-stream", "Last-Event-ID": "x"], 400, "invalid_last_event_id"),
        ("/events", ["Accept": "text/event-stream", "Last-Event-ID": "-1"], 400, "invalid_last_event_id"),
        ("/events", ["Accept": "text/event-stream", "Last-Event-ID": "99999999999999999999"], 400, "invalid_last_event_id"),
        ("/events?points=old", ["Accept": "text/event-stream"], 400, "invalid_points"),
        ("/events", ["Accept": "text/event-stream;q=0, application/json"], 200, "application/json"),
        ("/events", ["Accept": "application/json"], 200, "application/json"),
        ("/events", ["Accept": "*/*"], 200, "application/json"),
        ("/events", ["Accept": "text/html, TEXT/Event-Stream;q=0.9"], 200, "text/event-stream"),
    ])
    func itIsAStreamForWhoNamesIt(path: String, headers: [String: String], status: Int, what: String) async throws {
        try await World.with { world in
            let job = try await Self.post(world, pruning: ["method": "magnitude"])
            _ = try await world.finished(job)
            let answer = try await world.send("GET", "/v1/jobs/\(job)\(path)", headers: headers)
            #expect(answer.status == status)
            #expect(status == 200 ? answer.headers["content-type"] == what : answer.code == what)
            #expect(try await world.send("GET", "/v1/jobs/job_x\(path)", headers: Self.accept).status != 200)
        }
    }
}
