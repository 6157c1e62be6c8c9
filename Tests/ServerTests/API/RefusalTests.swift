import Documents
import Foundation
import Media
import ServiceSupport
import Testing

/// What is sent wrongly is refused with a problem that names the trouble, and nothing is left behind.
@Suite struct RefusalTests {
    struct Upload: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let body: @Sendable () throws -> Data
        let code: String
        let names: String
        var path = "/v1/checkpoints"
    }

    private static func weightsOnly(_ edit: @escaping @Sendable (JSON) -> JSON) -> @Sendable () throws -> Data {
        {
            try Samples.archive([
                ("config.json", Samples.bytes("unet/ddpm/config.json")),
                ("diffusion_pytorch_model.safetensors", Samples.weights(editing: edit)),
            ])
        }
    }

    private static func config(_ changes: [String: JSON]) -> @Sendable () throws -> Data {
        {
            try Samples.archive([
                ("config.json", Samples.config(changes)), ("w.safetensors", Samples.bytes("unet/ddpm/weights.safetensors")),
            ])
        }
    }

    private static func renaming(_ old: String, _ new: String) -> @Sendable (JSON) -> JSON {
        { header in
            guard case .object(let members) = header else { return header }
            return .object(members.map { $0.name == old ? JSON.Member(new, $0.value) : $0 })
        }
    }

    static let checkpoints: [Upload] = [
        Upload(testDescription: "no archive", body: { Data("hello".utf8) }, code: "invalid_archive", names: "text"),
        Upload(testDescription: "nothing", body: { Data() }, code: "invalid_archive", names: "nothing"),
        Upload(
            testDescription: "broken archive", body: { try Samples.archive(Samples.unet()).prefix(9000) }, code: "invalid_archive",
            names: "damaged"),
        Upload(
            testDescription: "missing config", body: { try Samples.archive([("weights.safetensors", [1])]) }, code: "invalid_checkpoint",
            names: "config.json"),
        Upload(
            testDescription: "no weights", body: { try Samples.archive([("config.json", Samples.bytes("unet/ddpm/config.json"))]) },
            code: "invalid_checkpoint", names: "weights"),
        Upload(
            testDescription: "a bare pickle for weights",
            body: {
                try Samples.archive([
                    ("config.json", Samples.bytes("unet/ddpm/config.json")),
                    ("diffusion_pytorch_model.bin", Samples.bytes("hostile/other-bare-pickle.bin")),
                ])
            }, code: "invalid_checkpoint", names: "diffusion_pytorch_model.bin is a bare pickle"),
        Upload(
            testDescription: "a malicious pickle",
            body: {
                try Samples.archive([
                    ("config.json", Samples.bytes("unet/ddpm/config.json")), ("model.pt", Samples.bytes("hostile/call-000.pt")),
                ])
            }, code: "invalid_checkpoint", names: "model.pt: its pickle asks for os.system"),
        Upload(
            testDescription: "a PyTorch file by itself", body: { Data(try Samples.bytes("torch/plain.bin")) }, code: "invalid_checkpoint",
            names: "a configuration beside this PyTorch file"),
        Upload(
            testDescription: "weights of another architecture",
            body: {
                try Samples.archive([
                    ("config.json", Samples.bytes("unet/ddpm/config.json")), ("model.pt", Samples.bytes("torch/views.pt")),
                ])
            }, code: "invalid_checkpoint", names: "the weights do not fit the configuration"),
        Upload(
            testDescription: "unknown architecture", body: config(["_class_name": "UNet3DModel"]), code: "invalid_checkpoint",
            names: "_class_name"),
        Upload(
            testDescription: "key out of range", body: config(["layers_per_block": -1]), code: "invalid_checkpoint",
            names: "layers_per_block"),
        Upload(
            testDescription: "unsupported block", body: config(["down_block_types": ["DownBlock2D", "SkipDownBlock2D", "DownBlock2D"]]),
            code: "invalid_checkpoint", names: "down_block_types"),
        Upload(
            testDescription: "absurd width", body: config(["block_out_channels": [1024, 16384, 16384], "sample_size": 16]),
            code: "invalid_checkpoint", names: ""),
        Upload(
            testDescription: "missing tensor", body: weightsOnly(renaming("conv_in.weight", "conv_in.wait")), code: "invalid_checkpoint",
            names: "conv_in.weight"),
        Upload(
            testDescription: "extra tensor", body: weightsOnly(renaming("conv_in.weight", "conv_in.wait")), code: "invalid_checkpoint",
            names: "conv_in.wait"),
        Upload(
            testDescription: "wrongly shaped tensor", body: config(["block_out_channels": [16, 16, 16]]), code: "invalid_checkpoint",
            names: "conv_in.weight has shape [8, 3, 3, 3], expected [16, 3, 3, 3]"),
        Upload(
            testDescription: "truncated weights",
            body: {
                try Samples.archive([
                    ("config.json", Samples.bytes("unet/ddpm/config.json")),
                    ("w.safetensors", Array(Samples.bytes("unet/ddpm/weights.safetensors").dropLast(100))),
                ])
            }, code: "invalid_checkpoint", names: "truncated"),
        Upload(
            testDescription: "no noise predictor's schedule",
            body: {
                try Samples.archive(Samples.unet() + [("scheduler_config.json", Array(#"{"prediction_type": "flow_prediction"}"#.utf8))])
            }, code: "invalid_checkpoint", names: "prediction_type"),
        Upload(
            testDescription: "no picture", body: { try Samples.archive([("a.png", [1, 2, 3])]) }, code: "invalid_picture", names: "a.png",
            path: "/v1/datasets"),
        Upload(
            testDescription: "half a picture",
            body: {
                try Samples.archive([
                    (
                        "a.png",
                        Array(
                            PNGEncoder.encode(Picture(width: 9, height: 9, channels: 1, pixels: Array(repeating: 7, count: 81))).dropLast(
                                20))
                    )
                ])
            },
            code: "invalid_picture", names: "a.png", path: "/v1/datasets"),
        Upload(
            testDescription: "an archive without pictures", body: { try Samples.archive([("a.txt", [1, 2, 3]), ("b.gif", [1])]) },
            code: "invalid_picture", names: "no picture that is read, no PNG, JPEG or WebP, but 1 gif (b.gif); 1 txt (a.txt)",
            path: "/v1/datasets"),
        Upload(
            testDescription: "metadata of another picture",
            body: { try Samples.archive([("x/metadata.csv", Array("file_name,text\nb.png,x".utf8)), ("x/a.png", Samples.picture())]) },
            code: "invalid_metadata", names: "x/metadata.csv line 2: x/b.png is not in the archive", path: "/v1/datasets"),
        Upload(
            testDescription: "embeddings that are none",
            body: { try Samples.archive([("embeddings.safetensors", [1]), ("a.png", Samples.picture())]) },
            code: "invalid_embeddings", names: "embeddings.safetensors safetensors file is truncated", path: "/v1/datasets"),
        Upload(
            testDescription: "no archive of pictures", body: { Data("x".utf8) }, code: "invalid_archive", names: "text",
            path: "/v1/datasets"),
    ]

    @Test func uploadsAreRefusedByName() async throws {
        try await World.with { world in
            for upload in Self.checkpoints {
                let answer = try await world.send("POST", upload.path, body: try upload.body())
                #expect(answer.status == 422, "\(upload.testDescription)")
                #expect(answer.headers["content-type"] == "application/problem+json", "\(upload.testDescription)")
                #expect(answer.code == upload.code, "\(upload.testDescription): \(answer.detail)")
                #expect(upload.names.isEmpty || answer.detail.contains(upload.names), "\(upload.testDescription): \(answer.detail)")
            }
            #expect(try world.filesLeft() == [])
            #expect(try await world.get("/v1/checkpoints").json["data"] == .array([]))
            #expect(try await world.get("/healthz").status == 200)
        }
    }

    @Test func aBodyOverTheLimitIsRefusedAndNothingIsLeft() async throws {
        try await World.with { world in
            let answer = try await world.send("POST", "/v1/checkpoints", body: Data(count: 9 << 20))
            #expect(answer.status == 413)
            #expect(try world.filesLeft() == [])
        }
    }

    @Test func jobsAreRefusedByField() async throws {
        try await World.with { world in
            let checkpoint = JSON.string(try await world.upload("/v1/checkpoints", Samples.archive(Samples.unet())))
            let dataset = JSON.string(try await world.upload("/v1/datasets", Samples.pictures(4)))
            let small = JSON.string(try await world.upload("/v1/datasets", Samples.pictures(2, width: 15)))
            func job(_ members: [String: JSON]) -> JSON { JSON.object([.init("checkpoint", checkpoint)]).replacing(members) }
            let table: [(JSON, [String])] = [
                ([:], ["/checkpoint"]),
                (job([:]), ["/pruning"]),
                (job(["pruning": [:], "dataset": "data_unknown"]), ["/dataset"]),
                (["checkpoint": "ckpt_unknown", "pruning": [:]], ["/checkpoint"]),
                (job(["pruning": [:], "dataset": dataset, "colour": 1]), ["/colour"]),
                (job(["pruning": ["rati": 1], "dataset": dataset]), ["/pruning/rati"]),
                (job(["pruning": ["ratio": .double(0.96), "method": "magnitude"]]), ["/pruning/ratio"]),
                (job(["pruning": ["ratio": .double(-0.1), "method": "magnitude"]]), ["/pruning/ratio"]),
                (job(["pruning": ["ratio": "0.3", "method": "magnitude"]]), ["/pruning/ratio"]),
                (job(["pruning": ["ratio": .double(0.01), "method": "magnitude"]]), ["/pruning/ratio"]),
                (job(["pruning": ["method": "best"]]), ["/pruning/method"]),
                (job(["pruning": [:]]), ["/dataset"]),
                (job(["pruning": ["method": "magnitude", "reconstruction": [:]]]), ["/dataset"]),
                (
                    job(["pruning": ["method": "magnitude", "reconstruction": ["samples": 0, "ridge": 0]], "dataset": dataset]),
                    ["/pruning/reconstruction/samples", "/pruning/reconstruction/ridge"]
                ),
                (
                    job(["pruning": ["method": "scratch", "batch_size": 2, "reconstruction": [:]], "dataset": dataset]),
                    ["/pruning/reconstruction"]
                ),
                (job(["pruning": ["method": "magnitude", "threshold": "auto"]]), ["/pruning/threshold"]),
                (
                    job(["pruning": ["method": "taylor", "threshold": "auto", "batch_size": 2], "dataset": dataset]), ["/pruning/threshold"]
                ),
                (
                    job(["pruning": ["method": "fisher", "threshold": "much", "batch_size": 2], "dataset": dataset]), ["/pruning/threshold"]
                ),
                (job(["pruning": ["method": "group-fisher"]]), ["/dataset"]),
                (job(["finetuning": [:]]), ["/dataset"]),
                (job(["pruning": ["batch_size": 1000], "dataset": dataset]), ["/pruning/batch_size"]),
                (job(["finetuning": ["batch_size": 1000], "dataset": dataset]), ["/finetuning/batch_size"]),
                (
                    job(["finetuning": ["batch_size": 0, "steps": 0, "learning_rate": "x"], "dataset": dataset]),
                    ["/finetuning/steps", "/finetuning/batch_size", "/finetuning/learning_rate"]
                ),
                (
                    job(["finetuning": ["batch_size": 2, "distillation": [:]], "pruning": ["batch_size": 2], "dataset": dataset]),
                    ["/finetuning/distillation"]
                ),
                (
                    job([
                        "finetuning": ["distillation": ["output": .double(-1), "features": "much", "task": .double(1e7), "loss": 1]],
                        "dataset": dataset,
                    ]),
                    ["output", "features", "task", "loss"].map { "/finetuning/distillation/\($0)" }
                ),
                (
                    job(["finetuning": ["batch_size": 2, "distillation": ["output": 1]], "dataset": dataset]),
                    ["/finetuning/distillation"]
                ),
                (job(["pruning": ["batch_size": 2], "dataset": small]), ["/dataset"]),
                (job(["pruning": ["method": "magnitude", "timesteps": ["first": 5, "last": 4]]]), ["/pruning/timesteps/last"]),
                (job(["pruning": ["method": "magnitude", "timesteps": ["last": 1000]]]), ["/pruning/timesteps/last"]),
                (job(["evaluation": ["steps": 1001]]), ["/evaluation/steps"]),
                (job(["evaluation": ["samples": 50_001]]), ["/evaluation/samples"]),
                (job(["evaluation": ["seed": -1]]), ["/evaluation/seed"]),
                (job(["evaluation": [:], "metadata": ["a": 1]]), ["/metadata"]),
                (job(["evaluation": [:], "metadata": .object([.init(String(repeating: "a", count: 513), "x")])]), ["/metadata"]),
                // One character to a reader.
                (job(["evaluation": [:], "name": .string("e" + String(repeating: "\u{301}", count: 256))]), ["/name"]),
                (job(["evaluation": [:]]).adding((0..<200).map { .init("x\(1000 + $0)", 1) }), (0..<100).map { "/x\(1000 + $0)" }),
            ]
            for (body, pointers) in table {
                let answer = try await world.post("/v1/jobs", body)
                #expect(answer.status == 422, "\(body.compact)")
                #expect(answer.pointers == pointers, "\(body.compact): \(answer.detail)")
            }
            #expect(try await world.send("POST", "/v1/jobs", body: Data("{".utf8)).code == "invalid_json")
            #expect(try await world.get("/v1/jobs").json["data"] == .array([]))
        }
    }

    @Test func unknownThingsAreNotFound() async throws {
        try await World.with { world in
            for path in [
                "/v1/checkpoints/ckpt_x", "/v1/datasets/data_x", "/v1/jobs/job_x", "/v1/jobs/job_x/metrics", "/v1/jobs/job_x/events",
                "/v1/checkpoints/ckpt_x/content", "/v1/checkpoints/ckpt_x/tensors", "/nothing",
            ] {
                let answer = try await world.get(path)
                #expect(answer.status == 404, "\(path)")
                #expect(answer.code == "not_found", "\(path)")
            }
            #expect(try await world.send("POST", "/v1/jobs/job_x/cancel").status == 404)
            #expect(try await world.get("/v1/jobs?limit=0").code == "invalid_limit")
            #expect(try await world.get("/v1/jobs?after=job_x").code == "invalid_cursor")
            #expect(try await world.get("/v1/jobs?status=lost").code == "invalid_status")
            let answer = try await world.send("PUT", "/v1/jobs")
            #expect(answer.status == 405)
            #expect(answer.headers["allow"] == "GET, HEAD, POST")
            #expect(try await world.send("GET", "/healthz", headers: ["Origin": "http://example.org"]).status == 403)
        }
    }
}
