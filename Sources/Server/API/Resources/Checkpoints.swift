import Documents
import Foundation
import HTTP
import HTTPTypes
import Jobs
import Media
import Storage

extension API {
    /// `/v1/checkpoints`.
    func addCheckpoints(_ routes: inout Routes) {
        on(
            &routes, .post, "/v1/checkpoints",
            Operation(
                "createCheckpoint",
                "Stores a checkpoint: an archive of a diffusers folder, a file of CompVis's code base, or a form of files.",
                parameters: [
                    .query("name", "What to call it.", .text()),
                    .query("init", "Draw fresh weights where none are sent.", .words(["random"])),
                    .query("seed", "Of the fresh weights.", ["type": "integer", "minimum": 0, "default": 0]),
                    .query(
                        "variant", "Which of several weights to take, such as fp16, or non_ema where there are moving averages.", .text()),
                    .query(
                        "config",
                        "A checkpoint here whose configuration these weights go with, and whose parts are taken where none are sent.",
                        .text()),
                    .query("sample_size", "Side, or height x width, of samples where the configuration has none: 64 or 64x96.", .text()),
                ],
                bodies: Operation.Content.archives
                    + [.init(type: "multipart/form-data", schema: .schema("CheckpointForm")), .json("UploadReference")],
                answers: [.created("Checkpoint")],
                refusals: Operation.Refusal.archive + [
                    .init(400, "invalid_init"), .init(400, "invalid_seed"), .init(400, "invalid_sample_size"),
                    .init(422, "invalid_checkpoint"), .init(422, "invalid_form"), .notFound, .checkpointDamaged,
                ]
            ).creating
        ) { request in
            let choices = try choices(request)
            let name = try GivenName.checked(request.query("name"))
            return try await creating(request) { creation in
                if MultipartReader.isMultipart(request.fields[.contentType]) {
                    let body = try uploadBody(request, isRepeated: creation.isRepeated)
                    let form = try await CheckpointForm(body, type: request.fields[.contentType], blobs: database.blobs)
                    if let first = try creation.firstAnswer(to: form.fingerprint) { return first }
                    let share = try await memory.admitted(for: "a checkpoint")
                    defer { withExtendedLifetime(share) {} }
                    return try await BackgroundExecutor.run {
                        try CheckpointIntake(database: database, memory: memory).store(
                            UnpackedFiles(form.files), name: name ?? form.name, choices, owner: owner(of: request),
                            answer: creation.keeping(form.fingerprint) { try $0.created() }
                        ).created().response
                    }
                }
                let body = try uploadBody(request, isRepeated: creation.isRepeated)
                let arrived =
                    // The same again is not stored again.
                    creation.isRepeated
                    ? .file(try await uploads.receive(body, hashing: true))
                    : try await uploads.receiveUnpacking(body, hashing: creation.key != nil)
                if let first = try creation.firstAnswer(to: arrived.digest) { return first }
                let share = try await memory.admitted(arrived.directoryCost, for: "an archive")
                defer { withExtendedLifetime(share) {} }
                return try await BackgroundExecutor.run {
                    let parts = try uploads.parts(arrived, type: request.fields[.contentType])
                    return try CheckpointIntake(database: database, memory: memory).store(
                        parts.files, name: name ?? parts.name, choices, consuming: parts.upload, owner: owner(of: request),
                        answer: creation.keeping(arrived.digest) { try $0.created() }
                    ).created().response
                }
            }
        }
        on(
            &routes, .get, "/v1/checkpoints",
            Operation(
                "listCheckpoints", "Lists the checkpoints, newest first.", parameters: Operation.Parameter.page,
                answers: [.json("CheckpointList", "A page.")], refusals: Operation.Refusal.page)
        ) { request in
            try page(request, id: \.id, payload: { try $0.payload(database.blobs) }) { try database.checkpoints.list(limit: $0, after: $1) }
        }
        on(
            &routes, .get, "/v1/checkpoints/{id}",
            Operation("getCheckpoint", "Shows a checkpoint.", answers: [.json("Checkpoint", "The checkpoint.")], refusals: [.notFound])
        ) { request in
            .json(try database.checkpoints.get(request.parameter("id")).payload(database.blobs))
        }
        on(
            &routes, .delete, "/v1/checkpoints/{id}",
            Operation(
                "deleteCheckpoint", "Removes a checkpoint.", answers: [.empty("It is gone.")],
                refusals: [.notFound, .init(409, "in_use")])
        ) { request in
            try database.checkpoints.delete(request.parameter("id"))
            return Response(status: .noContent)
        }
        on(
            &routes, .get, "/v1/checkpoints/{id}/content",
            Operation(
                "downloadCheckpoint", "Gives the pipeline's folder as one archive.",
                parameters: [
                    .query("format", "The kind of archive.", .words(ArchiveFormat.allCases.map(\.rawValue))),
                    .query(
                        "layout", "What is in it: what diffusers loads, or the networks as ONNX models in the folders that optimum loads.",
                        .words(CheckpointLayout.allCases.map(\.rawValue))),
                    .query(
                        "dtype", "The format of the weights' numbers, where they are not to come as they are stored.",
                        .words(JobRequest.WeightType.allCases.map(\.rawValue))),
                ],
                answers: [.init(status: 200, detail: "The archive.", contents: Operation.Content.archives)],
                refusals: [
                    .notFound, .init(400, "invalid_format"), .init(400, "invalid_layout"), .init(400, "invalid_dtype"),
                    .init(422, "invalid_checkpoint"),
                    .checkpointDamaged, .diskFull,
                ] + Operation.Refusal.memory
            ).partial,
            archive)
        on(
            &routes, .get, "/v1/checkpoints/{id}/files/{path...}",
            Operation(
                "downloadFile", "Gives one file of a checkpoint.",
                answers: [.init(status: 200, detail: "The file.", contents: [.binary("application/octet-stream")], fields: ["ETag"])],
                refusals: [.notFound, .checkpointDamaged]
            ).partial
        ) { request in
            let record = try database.checkpoints.get(request.parameter("id"))
            let path = request.parameter("path")
            guard let file = record.files.first(where: { $0.path == path }) else {
                throw APIError(.notFound, "not_found", "\(record.id) has no file \(path.prefix(200))")
            }
            return try content(of: file.digest, .checkpoint, record.id, file: file.path).response(to: request)
        }
        on(
            &routes, .get, "/v1/checkpoints/{id}/tensors",
            Operation(
                "listTensors", "Lists a checkpoint's tensors.", answers: [.json("TensorList", "All of them.")],
                refusals: [.notFound, .checkpointDamaged] + Operation.Refusal.memory)
        ) { request in
            let checkpoint = try StoredCheckpoint(database, request.parameter("id"))
            let share = try await memory.admitted(for: "the list of tensors")
            // The header once, the answer as a document and as text.
            return try await BackgroundExecutor.run {
                try withExtendedLifetime(share) {
                    try memory.work(2 * checkpoint.layoutCost, for: "the list of tensors") {
                        .json(["data": try checkpoint.tensorList()])
                    }
                }
            }
        }
        on(
            &routes, .get, "/v1/checkpoints/{id}/tensors/{name}",
            Operation(
                "getTensor", "Gives a tensor's numbers.", answers: [.json("Tensor", "The tensor.")],
                refusals: [.notFound, .checkpointDamaged] + Operation.Refusal.memory)
        ) { request in
            let share = try await memory.admitted(for: "the tensor")
            return try await BackgroundExecutor.run {
                try withExtendedLifetime(share) { try tensor(request.parameter("name"), of: request.parameter("id")) }
            }
        }
    }

    /// `?variant=fp16&sample_size=64`, and `?init=random&seed=0`.
    private func choices(_ request: Request) throws -> CheckpointChoices {
        var choices = CheckpointChoices(
            initialization: try initialization(request), variant: request.query("variant"), config: request.query("config"))
        if let text = request.query("sample_size") {
            guard let size = SampleSize(text) else {
                throw APIError(.badRequest, "invalid_sample_size", "sample_size must be \(SampleSize.expected)")
            }
            choices.sampleSize = size
        }
        return choices
    }

    /// `?init=random&seed=0`.
    private func initialization(_ request: Request) throws -> CheckpointIntake.Initialization? {
        guard let word = request.query("init") else { return nil }
        guard word == "random" else { throw APIError(.badRequest, "invalid_init", "init must be \"random\"") }
        guard let seed = ASCII.digits(request.query("seed") ?? "0") else {
            throw APIError(.badRequest, "invalid_seed", "seed must be a whole number between 0 and \(Int.max)")
        }
        return CheckpointIntake.Initialization(seed: seed)
    }

    /// One tensor as JSON, its numbers written as they are read.
    private func tensor(_ name: String, of id: String) throws -> Response {
        let checkpoint = try StoredCheckpoint(database, id)
        guard let tensor = try memory.work(checkpoint.layoutCost, for: "the tensor", { try checkpoint.tensor(name) }) else {
            throw APIError(.notFound, "not_found", "\(id) has no tensor \(name.prefix(200))")
        }
        let head = tensor.json.compact.dropLast() + ",\"data\":["
        let body = ResponseBody.stream(length: nil) { writer in
            try await writer.write(Array(head.utf8))
            let chunk = 8192
            for start in stride(from: 0, to: tensor.count, by: chunk) {
                let numbers = try tensor.numbers(from: start, count: min(chunk, tensor.count - start))
                var text = start == 0 ? "" : ","
                text += numbers.map { $0.isFinite ? "\($0)" : "null" }.joined(separator: ",")
                try await writer.write(Array(text.utf8))
            }
            try await writer.write(Array("]}".utf8))
        }
        return Response(status: .ok, fields: [.contentType: "application/json"], body: body)
    }
}
