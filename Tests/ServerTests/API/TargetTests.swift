import Documents
import Foundation
import ServiceSupport
import Testing

/// Jobs that are told what is to be left in place of how much goes.
@Suite struct TargetTests {
    private static func body(_ checkpoint: String, _ pruning: JSON, dtype: String = "float32") -> JSON {
        ["checkpoint": .string(checkpoint), "dtype": .string(dtype), "pruning": pruning]
    }

    @Test(arguments: ["uniform", "global"], ["diffusers", "free"])
    func aJobMeetsItsTargetAndTells(allocation: String, widths: String) async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let target: JSON = ["macs": ["fraction": .double(0.7)], "size": ["fraction": .double(0.8)]]
            let body = Self.body(
                checkpoint,
                ["method": "magnitude", "target": target, "widths": .string(widths), "allocation": .string(allocation)])
            let dry = try await world.post("/v1/jobs?dry_run=true", body)
            #expect(dry.status == 200, "\(dry.detail)")
            let limit = try #require(dry.json.at("macs", "before").integer) * 7 / 10
            #expect(try #require(dry.json.at("macs", "after").integer) <= limit)
            #expect(dry.json["is_estimate"] == .bool(allocation == "global"))

            let answer = try await world.post("/v1/jobs", body)
            #expect(answer.status == 201, "\(answer.detail)")
            #expect(answer.json.at("request", "pruning", "target") == target)
            #expect(answer.json["request"]?["pruning"]?["ratio"] == nil)
            #expect(answer.json["warnings"]?.elements.contains { $0["code"] == "ratio_not_met" } == false)
            let id = try #require(answer.json["id"]?.text)
            let done = try await world.finished(id)
            #expect(done["status"]?.text == "succeeded", "\(done.compact)")

            let metrics = try await world.get("/v1/jobs/\(id)/metrics").json
            let met = metrics["target"] ?? .null
            #expect(met.at("macs", "limit") == .integer(limit))
            #expect(met.at("macs", "before") == metrics.at("macs", "before") && met.at("macs", "after") == metrics.at("macs", "after"))
            for resource in ["macs", "size"] {
                #expect(try #require(met.at(resource, "after").integer) <= met.at(resource, "limit").integer ?? 0, "\(resource)")
            }
            #expect(met["parameters"] == nil)
            if allocation == "uniform" { #expect(dry.json["macs"] == metrics["macs"]) }

            // The bytes are those of the file.
            let result = try #require(done.at("result", "checkpoint").text)
            let files = try await world.get("/v1/checkpoints/\(result)").json["files"]?.elements ?? []
            let weights = files.first { $0["path"]?.text?.hasSuffix(".safetensors") == true }
            #expect(weights?["size"] == met.at("size", "after"))
            let card = String(decoding: try await world.get("/v1/checkpoints/\(result)/files/README.md").data, as: UTF8.self)
            #expect(card.contains("to leave at most 70.0% of its multiply-accumulates and 80.0% of its bytes of weights"), "\(card)")
        }
    }

    @Test func whatNoCutLeavesIsRefusedBeforeItIsQueued() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            for target in ["/v1/jobs", "/v1/jobs?dry_run=true"] {
                let answer = try await world.post(
                    target,
                    Self.body(checkpoint, ["method": "magnitude", "target": ["macs": 1, "parameters": ["fraction": 1], "size": 2]]))
                #expect(answer.status == 422)
                let errors = answer.json["errors"]?.elements ?? []
                #expect(errors.map { $0["pointer"] } == ["/pruning/target/macs", "/pruning/target/size"])
                #expect(errors.allSatisfy { $0["detail"]?.text?.contains("the nearest that can be had is") == true })
            }
            #expect(try await world.get("/v1/jobs").json["data"] == .array([]))
        }
    }

    /// Half of every number is half of the file, so that nothing has to go.
    @Test func theSizeIsOfTheFormatThatIsAskedFor() async throws {
        try await World.with { world in
            let checkpoint = try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet()))
            let body = Self.body(
                checkpoint, ["method": "magnitude", "target": ["size": ["fraction": .double(0.75)]], "widths": "free"], dtype: "float16")
            let dry = try await world.post("/v1/jobs?dry_run=true", body)
            #expect(dry.status == 200, "\(dry.detail)")
            #expect(dry.json.at("parameters", "after") == dry.json.at("parameters", "before"))
        }
    }
}
