import Documents
import Foundation
import ServiceSupport
import Testing

/// Networks that make features of pictures, and statistics of features, as resources and in jobs. The network is a small one of Inception's layout
/// (Tests/Fixtures/make_inception_golden.py).
@Suite struct ExtractorTests {
    private static func weights() throws -> Data { Data(try Samples.bytes("inception/legacy.pth")) }

    private static func request(_ checkpoint: String, _ dataset: String?, _ evaluation: [String: JSON]) -> JSON {
        let body: JSON = [
            "checkpoint": .string(checkpoint), "pruning": ["method": "magnitude", "ratio": .double(0.5), "reconstruction": .null],
            "evaluation": JSON.object([.init("samples", 5), .init("steps", 2)]).replacing(evaluation),
        ]
        return dataset.map { body.replacing(["dataset": .string($0)]) } ?? body
    }

    @Test func anExtractorIsStoredListedAndRemoved() async throws {
        try await World.with { world in
            let id = try await world.upload("/v1/extractors?name=small", Self.weights())
            #expect(id.hasPrefix("extr_"))
            let one = try await world.get("/v1/extractors/\(id)").json
            #expect(one["object"] == "extractor" && one["name"] == "small" && one["features"] == 64 && one["published"] == .bool(false))
            #expect(one["size"]?.integer == (try Self.weights().count))
            #expect(try await world.get("/v1/extractors").json["data"] == [one])
            #expect(try await world.get("/v1/statistics").json["data"] == [])
            #expect(try await world.send("DELETE", "/v1/statistics/\(id)").status == 404)
            #expect(try await world.send("DELETE", "/v1/extractors/\(id)").status == 204)
            #expect(try await world.get("/v1/extractors/\(id)").status == 404)
        }
    }

    @Test func whatIsNoExtractorIsRefusedAndLeavesNothing() async throws {
        try await World.with { world in
            let weights = try Self.weights()
            let cases: [(path: String, body: Data, detail: String)] = [
                ("/v1/extractors", weights.prefix(weights.count - 1), "cut short"),
                ("/v1/extractors", Data(try Samples.bytes("torch/legacy.pt")), "Conv2d_1a_3x3.conv.weight is missing"),
                ("/v1/extractors", Data("hello".utf8), "weights"),
                ("/v1/statistics", weights, "is no .npz"),
                ("/v1/statistics", try Samples.archive([("mu.npy", [1, 2])], .zip), "is no NumPy array"),
                ("/v1/statistics", try Samples.archive([("nu.npy", [1, 2])], .zip), "has no mu.npy"),
            ]
            for (path, body, detail) in cases {
                let answer = try await world.send("POST", path, body: body)
                #expect(answer.status == 422 && answer.detail.contains(detail), "\(answer.status) \(answer.detail) for \(detail)")
            }
            #expect(try await world.get("/v1/extractors").json["data"] == [])
            #expect(try world.filesLeft() == [])
        }
    }

    @Test func figuresAreByTheExtractorAndItsStatisticsServeAnotherJob() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(6))
            let extractor = try await world.upload("/v1/extractors", Self.weights())
            let digest = try await world.get("/v1/extractors/\(extractor)").json["sha256"]
            let asked: [String: JSON] = ["metrics": ["mind", "kid", "frechet"], "extractor": .string(extractor)]
            let id = try #require(try await world.post("/v1/jobs", Self.request(checkpoint, dataset, asked)).json["id"]?.text)
            let job = try await world.finished(id)
            #expect(job.status == "succeeded", "\(job.compact)")
            let evaluation = try await world.get("/v1/jobs/\(id)/metrics").json["evaluation"] ?? .null
            for name in ["mind", "kid", "frechet"] {
                let figure = evaluation[name] ?? .null
                #expect(figure["n"] == 5 && figure["reference_n"] == 6 && figure["before"] != figure["after"], "\(figure.compact)")
                #expect(figure.at("extractor", "name") == "inception" && figure.at("extractor", "id") == .string(extractor))
                #expect(figure.at("extractor", "digest") == digest && figure.at("extractor", "features") == 64)
                #expect(figure["resize"]?.text?.hasSuffix("bilinear to 299x299") == true)
            }
            #expect(evaluation["fid"] == .null && evaluation.at("mind_pixels", "extractor", "name") == "pixels")

            let file = try await world.get("/v1/jobs/\(id)/files/statistics.npz").data
            let statistics = try await world.upload("/v1/statistics?name=mine", file)
            let stored = try await world.get("/v1/statistics/\(statistics)").json
            #expect(stored["object"] == "statistics" && stored["features"] == 64 && stored["name"] == "mine")
            let compared: [String: JSON] = [
                "metrics": ["frechet"], "extractor": .string(extractor), "reference": .string(statistics),
            ]
            let other = try #require(try await world.post("/v1/jobs", Self.request(checkpoint, nil, compared)).json["id"]?.text)
            #expect(try await world.finished(other).status == "succeeded")
            let second = try await world.get("/v1/jobs/\(other)/metrics").json["evaluation"] ?? .null
            #expect(second["reference"] == ["dataset": .null, "statistics": .string(statistics), "n": .null])
            #expect(second.at("frechet", "reference_n") == .null)
            let (one, two) = (evaluation.at("frechet", "after").double ?? .nan, second.at("frechet", "after").double ?? .nan)
            #expect(abs(one - two) < 1e-4 * one, "\(one) and \(two)")
        }
    }

    @Test func whatDoesNotFitIsRefusedAndWhatIsNeededStays() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let dataset = try await world.upload("/v1/datasets", Samples.pictures(6))
            let extractor = JSON.string(try await world.upload("/v1/extractors", Self.weights()))
            let small = try await world.upload(
                "/v1/statistics",
                Samples.archive([("mu.npy", Self.array([1, 2], "(2,)")), ("sigma.npy", Self.array([1, 0, 0, 1], "(2, 2)"))], .zip))
            let cases: [(evaluation: [String: JSON], detail: String)] = [
                (["metrics": ["fid"], "extractor": extractor], "/evaluation/metrics fid is only so called with the weights"),
                (["metrics": ["frechet"], "extractor": extractor, "reference": .string(small)], "/evaluation/reference is of 2 features"),
                (["metrics": ["frechet"], "reference": .string(small)], "/evaluation/reference is of 2 features"),
                (["metrics": ["kid", "frechet"], "reference": .string(small)], "/evaluation/reference is statistics, a mean"),
            ]
            for (evaluation, detail) in cases {
                let answer = try await world.post("/v1/jobs", Self.request(checkpoint, dataset, evaluation))
                #expect(answer.status == 422)
                let errors = (answer.json["errors"]?.elements ?? []).map { "\($0["pointer"]?.text ?? "") \($0["detail"]?.text ?? "")" }
                #expect(errors.contains { $0.hasPrefix(detail) }, "\(errors) for \(detail)")
            }
            let long: JSON = ["checkpoint": .string(checkpoint), "evaluation": ["samples": 1024, "steps": 1000]]
            let busy = try #require(try await world.post("/v1/jobs", long).json["id"]?.text)
            let asked = Self.request(checkpoint, dataset, ["metrics": ["frechet"], "extractor": extractor])
            let waiting = try #require(try await world.post("/v1/jobs", asked).json["id"]?.text)
            #expect(try await world.send("DELETE", "/v1/extractors/\(extractor.text ?? "")").status == 409)
            for id in [waiting, busy] { _ = try await world.send("POST", "/v1/jobs/\(id)/cancel") }
            _ = try await world.finished(busy)
            #expect(try await world.send("DELETE", "/v1/extractors/\(extractor.text ?? "")").status == 204)
        }
    }

    /// A mean or a covariance that is no covariance, or none at all.
    @Test func statisticsMustBeAMeanAndACovariance() async throws {
        try await World.with { world in
            let mean = Self.array([1, 2], "(2,)")
            let cases: [(sigma: [UInt8], detail: String)] = [
                (Self.array([1, 0, 0.5, 1], "(2, 2)"), "no covariance: at row 1, column 0"),
                (Self.array([1, 2, 2, 1], "(2, 2)"), "no covariance: at row 1, column 0"),
                (Self.array([1, 0, 0, -1], "(2, 2)"), "no covariance: at row 1, column 1"),
                (Self.array([1, .nan, .nan, 1], "(2, 2)"), "not finite"),
                (Self.array([1, 0, 0, 1], "(4,)"), "sigma of shape [4]"),
                (Self.array([1, 0, 0], "(2, 2)"), "24 bytes of numbers, not 32"),
                (Self.array([1, 0, 0, 1], "(2, 2)", type: "|O"), "'|O' numbers"),
                (Self.array([1, 0, 0, 1], "(-2, -2)"), "has the shape"),
                (Self.array([1, 0, 0, 1], "(4611686018427387904, 2)"), "has the shape"),
                (Array(Self.array([1, 0, 0, 1], "(2, 2)").prefix(9)), "is no NumPy array"),
            ]
            for (sigma, detail) in cases {
                let answer = try await world.send(
                    "POST", "/v1/statistics", body: Samples.archive([("mu.npy", mean), ("sigma.npy", sigma)], .zip))
                #expect(answer.status == 422 && answer.detail.contains(detail), "\(answer.detail) for \(detail)")
            }
            // In columns, and as float32 would round them.
            let good = Self.array([4, 1, 1.0000001, 1], "(2, 2)", order: "True")
            #expect(
                try await world.send("POST", "/v1/statistics", body: Samples.archive([("sigma.npy", good), ("mu.npy", mean)], .zip)).status
                    == 201
            )
        }
    }

    private static func array(_ numbers: [Double], _ shape: String, type: String = "<f8", order: String = "False") -> [UInt8] {
        let told = "{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }\n"
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(told.utf8.count), 0] + Array(told.utf8)
            + numbers.flatMap { number in withUnsafeBytes(of: number.bitPattern.littleEndian, Array.init) }
    }
}
