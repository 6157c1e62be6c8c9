import Documents
import ServiceSupport
import Testing

/// Jobs that differ in how much they cut, asked for together.
@Suite struct SweepTests {
    private static func request(_ world: World, _ ratios: JSON, evaluates: Bool = true) async throws -> JSON {
        let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
        let dataset = try await world.upload("/v1/datasets", Samples.pictures(4))
        let request: JSON = [
            "checkpoint": .string(checkpoint), "dataset": .string(dataset), "name": "how far",
            "pruning": ["ratios": ratios, "batch_size": 2, "timesteps": ["stride": 250]],
        ]
        return evaluates ? request.adding([.init("evaluation", ["samples": 1, "steps": 1])]) : request
    }

    /// The sweep, when all of its jobs have ended.
    private static func finished(_ world: World, _ sweep: JSON) async throws -> JSON {
        for job in sweep["jobs"]?.elements ?? [] { _ = try await world.finished(try #require(job.text)) }
        return try await world.get("/v1/sweeps/\(try #require(sweep["id"]?.text))").json
    }

    @Test func oneScoringPassServesAllOfThem() async throws {
        try await World.with { world in
            let request = try await Self.request(world, [.double(0.25), .double(0.5), .double(0.75)])
            let answer = try await world.post("/v1/sweeps", request)
            #expect(answer.status == 201 && answer.headers["location"] == "/v1/sweeps/\(answer.json["id"]?.text ?? "")")
            let sweep = try await Self.finished(world, answer.json)
            #expect(sweep["object"] == "sweep" && sweep["name"] == "how far" && sweep["status"] == "succeeded")
            #expect(sweep["progress"] == .double(1) && sweep["finished_at"] != .null)
            #expect(sweep.at("request", "pruning", "ratios") == [.double(0.25), .double(0.5), .double(0.75)])
            let ids = (sweep["jobs"]?.elements ?? []).compactMap(\.text)
            let points = try #require(sweep["points"]?.elements)
            #expect(points.compactMap { $0["job"]?.text } == ids && points.compactMap { $0["ratio"]?.double } == [0.25, 0.5, 0.75])
            for (index, (id, point)) in zip(ids, points).enumerated() {
                let job = try await world.get("/v1/jobs/\(id)").json
                #expect(job["sweep"] == sweep["id"] && job["name"] == "how far")
                let metrics = try await world.get("/v1/jobs/\(id)/metrics").json
                #expect(metrics.at("scoring", "reused_from").text == (index == 0 ? nil : ids[0]))
                #expect(index == 0 || metrics.at("timing", "scoring") == .double(0))
                for field in ["parameters", "macs", "size"] { #expect(point[field] == metrics.at(field, "after"), "\(field)") }
                #expect(point["seconds_per_sample"] == metrics.at("evaluation", "seconds_per_sample", "after"))
                #expect(point.at("loss", "pruned") == metrics.at("evaluation", "loss", "pruned"))
                #expect(point.at("loss", "after") == metrics.at("evaluation", "loss", "after"))
                #expect(point["ssim"] == metrics.at("evaluation", "ssim", "mean"))
            }
            let sizes = points.compactMap { $0["size"]?.integer }
            #expect(sizes.count == 3 && (sizes.first ?? 0) > (sizes.last ?? 0))
            // On the front is what no other is as small and as good as, by the definition itself.
            func loss(_ point: JSON) -> Double { point.at("loss", "after").double ?? .infinity }
            for (size, point) in zip(sizes, points) {
                let isBeaten = zip(sizes, points).contains {
                    $0 <= size && loss($1) <= loss(point) && ($0 < size || loss($1) < loss(point))
                }
                #expect(point["on_front"] == .bool(!isBeaten))
            }
            let list = try await world.get("/v1/sweeps").json
            #expect(list["data"]?.elements.map { $0["id"] } == [sweep["id"]] && list["data"]?.elements.first?["points"] == nil)
            let path = try #require(sweep.at("urls", "self").text)
            #expect(try await world.send("DELETE", path).status == 204)
            #expect(try await world.get(path).status == 404)
            #expect(try await world.get("/v1/jobs/\(ids[0])").status == 404)
        }
    }

    @Test func itsJobsMayHaveTargetsInPlaceOfRatios() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let targets: JSON = [["parameters": ["fraction": .double(0.75)]], ["macs": ["fraction": .double(0.5)]]]
            let request: JSON = [
                "checkpoint": .string(checkpoint), "pruning": ["method": "magnitude", "widths": "free", "targets": targets],
            ]
            let sweep = try await Self.finished(world, try await world.post("/v1/sweeps", request).json)
            let points = try #require(sweep["points"]?.elements)
            #expect(points.map { $0["ratio"] } == [.null, .null] && points.map { $0["target"] } == targets.elements)
            for (point, field) in zip(points, ["parameters", "macs"]) {
                let metrics = try await world.get("/v1/jobs/\(point["job"]?.text ?? "")/metrics").json
                let limit = try #require(metrics.at("target", field, "limit").integer)
                #expect((point[field]?.integer ?? .max) <= limit)
            }
            let impossible: JSON = ["method": "magnitude", "targets": [["macs": 1], ["macs": ["fraction": .double(0.5)]]]]
            let wrong = request.replacing(["pruning": impossible])
            let answer = try await world.post("/v1/sweeps", wrong)
            #expect(answer.status == 422 && answer.pointers == ["/pruning/targets/0/macs"], "\(answer.json.compact)")
        }
    }

    @Test func itIsPausedResumedAndCancelledAsAJob() async throws {
        try await World.with { world in
            let request = try await Self.request(world, [.double(0.25), .double(0.5)], evaluates: false)
            // One that goes before it, and does not end by itself.
            let finetuning: [String: JSON] = ["finetuning": ["steps": 1_000_000, "batch_size": 1], "pruning": .null, "priority": 1]
            let before = try #require(try await world.post("/v1/jobs", request.replacing(finetuning)).json["id"]?.text)
            while try await world.get("/v1/jobs/\(before)").json["status"] != "running" { await Task.yield() }
            let path = try #require(try await world.post("/v1/sweeps", request).json.at("urls", "self").text)
            for (verb, status) in [("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled")] {
                let answer = try await world.post("\(path)/\(verb)", [:])
                #expect(answer.status == 202 && answer.json["status"]?.text == status, "\(verb)")
            }
            #expect(try await world.post("\(path)/cancel", [:]).code == "wrong_state")
            let points = try await world.get(path).json["points"]?.elements ?? []
            // Nothing was measured, and nothing is told.
            for point in points {
                #expect(point["status"] == "cancelled" && point["size"] == .null && point.at("loss", "pruned") == .null)
                #expect(point["on_front"] == false)
            }
            #expect(points.count == 2)
            #expect(try await world.post("/v1/jobs/\(before)/cancel", [:]).status == 202)
            #expect(try await world.finished(before)["status"] == "cancelled")
        }
    }

    private static let refused: [(JSON, String, String)] = [
        ([:], "/pruning/ratios", "ratios"), (["ratios": []], "/pruning/ratios", "1 to 32"), (["ratios": 3], "/pruning/ratios", "list"),
        (["ratios": [.double(0.1), .double(0.1)]], "/pruning/ratios/1", "twice"),
        (["ratios": [.double(0.1), .double(2)]], "/pruning/ratios/1", "0.95"),
        (["ratios": [.double(0.1)], "ratio": .double(0.2)], "/pruning/ratio", "beside"),
        (["ratios": [.double(0.1), .double(0.2)], "widths": "odd"], "/pruning/widths", "free"),
        (["ratios": [.double(0.1)], "odd": 1], "/pruning/odd", "known"),
    ]

    @Test(arguments: refused) func whatIsWrongIsToldWhereItStands(pruning: JSON, pointer: String, word: String) async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let answer = try await world.post("/v1/sweeps", ["checkpoint": .string(checkpoint), "pruning": pruning])
            #expect(answer.status == 422 && answer.code == "invalid_request", "\(answer.json.compact)")
            let errors = answer.json["errors"]?.elements ?? []
            let found = errors.filter { $0["pointer"]?.text == pointer }
            #expect(found.count == 1 && found.first?["detail"]?.text?.contains(word) == true, "\(answer.json.compact)")
            #expect(try await world.get("/v1/jobs").json["data"]?.elements.isEmpty == true)
        }
    }
}
