import Documents
import Foundation
import ServiceSupport
import Testing

/// Sets of samples are judged beside pictures as they should be, each figure with what it was taken of.
@Suite struct SetMetricTests {
    private static func request(_ checkpoint: String, _ dataset: String?, _ evaluation: [String: JSON]) -> JSON {
        let body: JSON = [
            "checkpoint": .string(checkpoint), "pruning": ["method": "magnitude", "ratio": .double(0.5), "reconstruction": .null],
            "evaluation": JSON.object([.init("samples", 5), .init("steps", 2)]).replacing(evaluation),
        ]
        return dataset.map { body.replacing(["dataset": .string($0)]) } ?? body
    }

    @Test func everyFigureTellsWhatItWasTakenOf() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(6))
            let metrics: JSON = ["mind", "kid", "frechet"]
            let answer = try await world.post("/v1/jobs", Self.request(checkpoint, dataset, ["metrics": metrics, "keep_samples": true]))
            let id = try #require(answer.json["id"]?.text, "\(answer.detail)")
            #expect(answer.json.at("request", "evaluation", "metrics") == metrics)
            let job = try await world.finished(id)
            #expect(job.status == "succeeded", "\(job.compact)")
            let evaluation = try await world.get("/v1/jobs/\(id)/metrics").json["evaluation"] ?? .null
            #expect(evaluation["reference"] == ["dataset": .null, "statistics": .null, "n": 6])
            #expect(evaluation.at("ssim", "mean") == .null && evaluation.at("mse", "mean") == .null)
            let digest = try await world.get("/v1/checkpoints/\(checkpoint)").json["files"]?.elements.first {
                $0["path"]?.text?.hasSuffix("safetensors") == true
            }?["sha256"]
            for name in ["mind", "mind_pixels", "kid", "frechet"] {
                let figure = evaluation[name] ?? .null
                #expect(figure["n"] == 5 && figure["reference_n"] == 6, "\(name): \(figure.compact)")
                #expect(figure["before"]?.double != nil && figure["pruned"] == figure["after"] && figure["before"] != figure["after"])
                if name != "mind_pixels" {
                    #expect(figure.at("extractor", "digest") == digest)
                    #expect(figure.at("extractor", "name") == "original_middle" && figure.at("extractor", "timestep") == 100)
                }
            }
            #expect(evaluation.at("kid", "subset_size") == 5 && evaluation.at("kid", "subsets") == 100)

            let archive = try await world.get("/v1/jobs/\(id)/files/samples.tar")
            #expect(archive.headers["content-type"] == "application/x-tar")
            #expect(String(decoding: archive.data, as: UTF8.self).contains("pruned/000004.png"))
            let statistics = try await world.get("/v1/jobs/\(id)/files/statistics.npz")
            #expect(statistics.data.starts(with: Data("PK".utf8)) && statistics.data.count > 1000)
        }
    }

    @Test func theReferenceMayBeAnotherDataset() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let reference = try await world.upload("/v1/datasets", Samples.pictures(9))
            let asked: [String: JSON] = ["metrics": ["mse", "frechet"], "reference": .string(reference)]
            var figures: [JSON] = []
            for _ in 0..<2 {
                // The only worker is busy, so that the job is live for as long as is needed.
                let long: JSON = ["checkpoint": .string(checkpoint), "evaluation": ["samples": 1024, "steps": 1000]]
                let busy = try #require(try await world.post("/v1/jobs", long).json["id"]?.text)
                let answer = try await world.post("/v1/jobs", Self.request(checkpoint, nil, asked))
                let id = try #require(answer.json["id"]?.text, "\(answer.detail)")
                // A live job keeps what it needs.
                let refused = try await world.send("DELETE", "/v1/datasets/\(reference)")
                #expect(try await world.send("POST", "/v1/jobs/\(busy)/cancel").status == 202)
                let job = try await world.finished(id)
                #expect(job.status == "succeeded", "\(job.compact)")
                #expect(refused.status == 409, "\(refused.detail)")
                let evaluation = try await world.get("/v1/jobs/\(id)/metrics").json["evaluation"] ?? .null
                #expect(evaluation["reference"] == ["dataset": .string(reference), "statistics": .null, "n": 9])
                #expect(evaluation["mind"] == .null && evaluation["kid"] == .null && evaluation.at("mse", "mean").double != nil)
                figures.append(evaluation["frechet"] ?? .null)
            }
            #expect(figures[0] == figures[1] && figures[0] != .null)
            #expect(try await world.send("DELETE", "/v1/datasets/\(reference)").status == 204)
        }
    }

    @Test func whatCannotBeComparedIsRefused() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(6))
            let small = try await world.upload("/v1/datasets", Samples.pictures(6, width: 8, height: 8))
            let one = try await world.upload("/v1/datasets", Samples.pictures(1))
            let cases: [(evaluation: [String: JSON], dataset: String?, detail: String)] = [
                (["metrics": ["is"]], dataset, "/evaluation/metrics must be a list of some of \"ssim\", \"mse\", \"mind\""),
                (["metrics": ["fid"]], dataset, "/evaluation/metrics fid is measured by the weights that"),
                (["extractor": "extr_none"], dataset, "/evaluation/extractor makes features for the metrics"),
                (["metrics": ["mind"], "extractor": "extr_none"], dataset, "/evaluation/extractor there is no extractor extr_none"),
                (["metrics": "kid"], dataset, "/evaluation/metrics must be a list"),
                (["metrics": ["kid"]], nil, "/evaluation/reference is required by kid"),
                (["reference": .string(dataset)], nil, "/evaluation/reference is compared with by the metrics"),
                (["metrics": ["mind"], "reference": "data_none"], nil, "/evaluation/reference there is no dataset data_none"),
                (["metrics": ["mind"], "reference": .string(small)], nil, "/evaluation/reference has pictures of 8×8"),
                (["metrics": ["mind"], "reference": .string(one)], nil, "/evaluation/reference must have at least 2"),
                (["metrics": ["frechet"], "samples": 1], dataset, "/evaluation/samples must be at least 2"),
                (["samples": 50001], dataset, "/evaluation/samples must be a whole number between 1 and 50000"),
                (["keep_samples": 1], dataset, "/evaluation/keep_samples must be true or false"),
            ]
            for (evaluation, dataset, detail) in cases {
                let answer = try await world.post("/v1/jobs", Self.request(checkpoint, dataset, evaluation))
                #expect(answer.status == 422)
                let errors = (answer.json["errors"]?.elements ?? []).map { "\($0["pointer"]?.text ?? "") \($0["detail"]?.text ?? "")" }
                #expect(errors.contains { $0.hasPrefix(detail) }, "\(errors) for \(detail)")
            }
        }
    }
}
