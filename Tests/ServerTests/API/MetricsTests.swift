import Documents
import Foundation
import ServiceSupport
import Storage
import Testing

/// `/metrics` of a whole service.
@Suite struct MetricsTests {
    /// The values by series, as they are written: `name{label="value"}`.
    private func scrape(_ world: World) async throws -> [String: Double] {
        let answer = try await world.get("/metrics")
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        return try values(String(decoding: answer.data, as: UTF8.self))
    }

    /// Checks the form while it reads: every series belongs to a family that is told of just before, once.
    private func values(_ text: String) throws -> [String: Double] {
        var values: [String: Double] = [:]
        var families = Set<String>()
        var family = ""
        var kind = ""
        try #require(text.hasSuffix("\n"))
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            if line.hasPrefix("# HELP ") {
                family = words[2]
                #expect(families.insert(family).inserted, "\(family) is told of twice")
                #expect(!words[3].isEmpty)
            } else if line.hasPrefix("# TYPE ") {
                #expect(words[2] == family)
                kind = words[3]
                #expect(["counter", "gauge", "histogram"].contains(kind))
                #expect((kind == "counter") == family.hasSuffix("_total"), "\(family)")
            } else {
                let split = try #require(line.lastIndex(of: " "))
                let series = String(line[..<split])
                let name = String(series.prefix { $0 != "{" })
                let names = kind == "histogram" ? ["_bucket", "_sum", "_count"].map { family + $0 } : [family]
                #expect(names.contains(name), "\(line)")
                #expect(values.updateValue(try #require(Double(line[split...].dropFirst())), forKey: series) == nil, "\(series) twice")
            }
        }
        return values
    }

    @Test func requestsAreCountedByRouteAndStatus() async throws {
        try await World.with { world in
            for id in ["job_1", "job_2"] { #expect(try await world.get("/v1/jobs/\(id)").status == 404) }
            #expect(try await world.send("HEAD", "/healthz").status == 200)
            #expect(try await world.get("/v1/nothing/of/the/kind").status == 404)
            #expect(try await world.send("PUT", "/v1/jobs").status == 405)
            #expect(try await world.post("/v1/jobs", [:]).status == 422)
            let first = try await scrape(world)
            let name = "pruner_http_requests_total"
            #expect(first["\(name){method=\"GET\",route=\"/v1/jobs/{id}\",status=\"404\"}"] == 2)
            #expect(first["\(name){method=\"HEAD\",route=\"/healthz\",status=\"200\"}"] == 1)
            #expect(first["\(name){method=\"\",route=\"\",status=\"404\"}"] == 1)
            #expect(first["\(name){method=\"\",route=\"\",status=\"405\"}"] == 1)
            #expect(first["\(name){method=\"POST\",route=\"/v1/jobs\",status=\"422\"}"] == 1)
            #expect(first.filter { $0.key.hasPrefix(name) && $0.value != 0 }.count == 5)
            // What has not happened yet is counted from nothing, so that its first time is a rise.
            #expect(first["\(name){method=\"GET\",route=\"/v1/jobs/{id}\",status=\"200\"}"] == 0)
            #expect(!first.keys.contains { $0.contains("job_1") || $0.contains("nothing") })
            let times = "pruner_http_request_duration_seconds"
            #expect(first["\(times)_count{method=\"DELETE\",route=\"/v1/jobs/{id}\"}"] == 0)
            #expect(first["\(times)_count{method=\"GET\",route=\"/v1/jobs/{id}\"}"] == 2)
            #expect(first["\(times)_bucket{method=\"GET\",route=\"/v1/jobs/{id}\",le=\"+Inf\"}"] == 2)

            let second = try await scrape(world)
            #expect(second["\(name){method=\"GET\",route=\"/metrics\",status=\"200\"}"] == 1)
            for series in ["pruner_http_received_bytes_total", "pruner_http_sent_bytes_total"] {
                #expect(try #require(second[series]) > #require(first[series]))
            }
            #expect(try #require(second["pruner_http_connections"]) >= 1)
        }
    }

    @Test func whatCannotBeReadIsCountedToo() async throws {
        try await World.with(isBlocking: true) { world in
            let socket = try world.socket()
            socket.send("GARBAGE\r\n\r\n")
            #expect(socket.receiveAll().status == 400)
            #expect(try await scrape(world)["pruner_http_unreadable_requests_total"] == 1)
        }
    }

    @Test func jobsAreCountedThroughTheirPhases() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(4))
            let before = try await scrape(world)
            #expect(before["pruner_jobs_ended_total{status=\"succeeded\"}"] == 0)
            let request: JSON = [
                "checkpoint": .string(checkpoint), "dataset": .string(dataset),
                "pruning": ["batch_size": 2, "timesteps": ["last": 4], "threshold": 0],
                "finetuning": ["steps": 3, "batch_size": 2, "optimizer": "adamw"],
            ]
            let job = try #require(try await world.post("/v1/jobs", request).json["id"]?.text)
            #expect(try await world.finished(job).status == "succeeded")
            let after = try await scrape(world)
            #expect(after["pruner_jobs_ended_total{status=\"succeeded\"}"] == 1)
            #expect(after["pruner_jobs{status=\"succeeded\"}"] == 1)
            #expect(after["pruner_jobs{status=\"queued\"}"] == 0)
            #expect(after["pruner_job_steps_total{phase=\"scoring\"}"] == 5)
            #expect(after["pruner_job_steps_total{phase=\"finetuning\"}"] == 3)
            for phase in ["loading", "scoring", "pruning", "finetuning"] {
                #expect(after["pruner_job_phase_duration_seconds_count{phase=\"\(phase)\"}"] == 1, "\(phase)")
            }
            #expect(after["pruner_job_phase_duration_seconds_count{phase=\"evaluating\"}"] == 0)
            // What the dry run reckons with.
            let macs = try #require(after["pruner_engine_multiply_accumulates_total"])
            let one = try #require(try await world.get("/v1/checkpoints/\(checkpoint)").json["macs"]?.double)
            #expect(macs > 3 * one * 5 * 2 && macs < 3 * one * (5 * 2 + 3 * 2))
            #expect(after["pruner_engine_flops"] == 0)
            #expect(try #require(after["pruner_stored_bytes"]) > #require(before["pruner_stored_bytes"]))
        }
    }

    @Test func theQueueIsReadWhenItIsAskedFor() async throws {
        // The worker starts at the first job; what waits behind it is told.
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(4))
            let long: JSON = [
                "checkpoint": .string(checkpoint), "dataset": .string(dataset), "finetuning": ["steps": 1_000_000, "batch_size": 1],
            ]
            let first = try #require(try await world.post("/v1/jobs", long).json["id"]?.text)
            let running = try await world.client.job(first) { $0["phase"]?.text == "finetuning" }
            #expect(running.status == "running")
            let second = try #require(try await world.post("/v1/jobs", long).json["id"]?.text)
            let values = try await scrape(world)
            #expect(values["pruner_jobs{status=\"queued\"}"] == 1)
            #expect(values["pruner_jobs_running{phase=\"finetuning\"}"] == 1)
            #expect(try #require(values["pruner_jobs_oldest_queued_age_seconds"]) > 0)
            // It reckons every half a second.
            while try await scrape(world)["pruner_engine_flops"] == 0 { await Task.yield() }
            for id in [second, first] { #expect(try await world.post("/v1/jobs/\(id)/cancel", .null).status == 202) }
            _ = try await world.finished(first)
            let after = try await scrape(world)
            #expect(after["pruner_jobs_ended_total{status=\"cancelled\"}"] == 2)
            #expect(after["pruner_jobs_oldest_queued_age_seconds"] == 0)
        }
    }

    @Test func theProcessTellsOfItself() async throws {
        try await World.with { world in
            let values = try await scrape(world)
            let now = Date().timeIntervalSince1970
            #expect((now - 86_400...now).contains(try #require(values["process_start_time_seconds"])))
            for series in [
                "process_cpu_seconds_total", "process_open_fds", "process_max_fds", "process_resident_memory_bytes",
                "process_virtual_memory_bytes", "pruner_memory_peak_bytes", "pruner_disk_free_bytes", "pruner_job_memory_limit_bytes",
                "pruner_workers",
            ] {
                #expect(try #require(values[series], "\(series)") > 0, "\(series)")
            }
            #expect(values.contains { $0.key.hasPrefix("pruner_build_info{version=\"") && $0.value == 1 })
        }
    }

    @Test func aTokenIsNeededLikeEverywhere() async throws {
        try await World.with { world in
            var secret = ""
            try await world.restart(settings: { _ in }) { folder in
                let database = try Database(folder: folder)
                secret = try database.tokens.create(name: "scraper", scope: .read).secret
            }
            #expect(try await world.get("/metrics").status == 401)
            let answer = try await world.send("GET", "/metrics", headers: ["Authorization": "Bearer \(secret)"])
            #expect(answer.status == 200)
            let text = String(decoding: answer.data, as: UTF8.self)
            #expect(!text.contains(secret))
            #expect(text.contains("pruner_http_requests_total{method=\"GET\",route=\"/metrics\",status=\"401\"} 1\n"))
        }
    }
}
