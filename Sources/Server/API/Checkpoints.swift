import Crypto
import Engine
import Foundation
import HTTPTypes
import Storage

extension API {
    /// `/v1/checkpoints`.
    func addCheckpoints(_ router: inout Router) {
        on(&router, .post, "/v1/checkpoints") { request in
            let initialization = try initialization(request)
            let (files, name) = try await checkpointFiles(request)
            let record = try CheckpointIntake(database: database).store(
                files, name: request.query("name") ?? name, initialization: initialization, variant: request.query("variant"),
                owner: try owner(of: request))
            return .created(try record.payload(), at: "/v1/checkpoints/\(record.id)")
        }
        on(&router, .get, "/v1/checkpoints") { request in
            try page(request, id: \.id, payload: { try $0.payload() }) { try database.checkpoints.list(limit: $0, after: $1) }
        }
        on(&router, .get, "/v1/checkpoints/{id}") { request in
            .json(try database.checkpoints.get(request.parameter("id")).payload())
        }
        on(&router, .delete, "/v1/checkpoints/{id}") { request in
            try database.checkpoints.delete(request.parameter("id"))
            return Response(status: .noContent)
        }
        on(&router, .get, "/v1/checkpoints/{id}/content", archive)
        on(&router, .get, "/v1/checkpoints/{id}/files/{path...}") { request in
            let record = try database.checkpoints.get(request.parameter("id"))
            let path = request.parameter("path")
            guard let file = record.files.first(where: { $0.path == path }) else {
                throw APIError(.notFound, "not_found", "\(record.id) has no file \(path.prefix(200))")
            }
            return try content(of: file.digest).response(to: request)
        }
        on(&router, .get, "/v1/checkpoints/{id}/tensors") { request in
            let weights = try StoredCheckpoint(database, request.parameter("id")).weights()
            return .json(["data": .array(weights.tensors.map { tensor in .object(Self.members(tensor)) })])
        }
        on(&router, .get, "/v1/checkpoints/{id}/tensors/{name}") { request in
            try tensor(request.parameter("name"), of: request.parameter("id"))
        }
    }

    /// `?init=random&seed=0`.
    private func initialization(_ request: Request) throws -> CheckpointIntake.Initialization? {
        guard let word = request.query("init") else { return nil }
        guard word == "random" else { throw APIError(.badRequest, "invalid_init", "init must be \"random\"") }
        guard let seed = API.digits(request.query("seed") ?? "0") else {
            throw APIError(.badRequest, "invalid_seed", "seed must be a whole number between 0 and \(Int.max)")
        }
        return CheckpointIntake.Initialization(seed: seed)
    }

    /// The uploaded files by path, from an archive or from a form's parts.
    private func checkpointFiles(_ request: Request) async throws -> (files: [(path: String, blob: StoredBlob)], name: String?) {
        let type = request.fields[.contentType]
        guard MultipartReader.isMultipart(type) else {
            return (try uploads.unpack(try await uploads.file(try uploadBody(request))), nil)
        }
        let reader = try MultipartReader(try uploadBody(request), contentType: type)
        let paths = ["config": "config.json", "weights": "diffusion_pytorch_model.safetensors", "scheduler": "scheduler_config.json"]
        var files: [(path: String, blob: StoredBlob)] = []
        var name: String?
        var sent: Set<String> = []
        while let part = try await reader.nextPart() {
            if part.name == "name" {
                name = String(decoding: try await part.body.collect(limit: 256), as: UTF8.self)
                continue
            }
            guard let path = paths[part.name], sent.insert(part.name).inserted else {
                throw APIError(
                    .unprocessableContent, "invalid_form",
                    "the part \"\(part.name.prefix(100))\" is not known or sent twice; a checkpoint is sent as config, weights, scheduler and name"
                )
            }
            let writer = try database.blobs.writer()
            var (hasBegun, isText) = (false, false)
            while let chunk = try await part.body.next() {
                // JSON begins with a brace; the DDIM code's YAML with a word.
                if let first = chunk.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }), part.name == "config", !hasBegun {
                    isText = first != UInt8(ascii: "{")
                    hasBegun = true
                }
                try writer.write(chunk)
            }
            files.append((isText ? "config.yml" : path, try writer.finish()))
        }
        return (files, name)
    }

    /// The whole pipeline folder as one archive.
    private func archive(_ request: Request) throws -> Response {
        let record = try database.checkpoints.get(request.parameter("id"))
        guard let format = ArchiveFormat(rawValue: request.query("format") ?? "tar") else {
            throw APIError(.badRequest, "invalid_format", "format must be tar, tar.gz or zip")
        }
        let type = [ArchiveFormat.tar: "application/x-tar", .tarGz: "application/gzip", .zip: "application/zip"][format]
        // The same files in the same order and format are the same bytes: what they are digests them all.
        var digest = SHA256()
        digest.update(data: Data("\(format.rawValue) \(Pruner.version)".utf8))
        for file in record.files { digest.update(data: Data("\n\(file.path) \(file.digest.hex)".utf8)) }
        return try Representation(
            tag: digest.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined(),
            parts: try parts(of: record, as: format),
            fields: [
                .contentType: type ?? "application/octet-stream",
                .contentDisposition: "attachment; filename=\"\(record.id).\(format.rawValue)\"",
            ]
        ).response(to: request)
    }

    /// A tar's files go out as they are stored. The other formats are written out first: the length is known, the connection reads at its
    /// own pace, and an error is still an error.
    private func parts(of record: CheckpointRecord, as format: ArchiveFormat) throws -> [ResponseBody.Part] {
        let items = record.files.map { ArchiveItem(path: $0.path, size: $0.size, file: database.blobs.url(for: $0.digest)) }
        if format == .tar { return try ArchiveWriter(items).tarParts() }
        let file = try database.blobs.temporaryFile()
        try ArchiveWriter(items).write(as: format) { try file.write($0) }
        let open = try OpenFile(file.url)
        return [.file(open, offset: 0, length: open.size)]
    }

    private static func members(_ tensor: TensorEntry) -> [JSON.Member] {
        [
            .init("name", .string(tensor.name)), .init("dtype", .string(tensor.type.torchName)), .init("shape", .integers(tensor.shape)),
            .init("size", .integer(tensor.size)),
        ]
    }

    /// One tensor as JSON, its numbers written as they are read.
    private func tensor(_ name: String, of id: String) throws -> Response {
        let weights = try StoredCheckpoint(database, id).weights()
        guard let tensor = weights[name] else {
            throw APIError(.notFound, "not_found", "\(id) has no tensor \(name.prefix(200))")
        }
        let head = JSON.object(Self.members(tensor)).compact.dropLast() + ",\"data\":["
        let body = ResponseBody.stream(length: nil) { writer in
            try await writer.write(Array(head.utf8))
            let chunk = 8192
            for start in stride(from: 0, to: tensor.count, by: chunk) {
                let count = min(chunk, tensor.count - start)
                var failure: SafeTensorsError?
                let numbers = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
                    let target = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
                    target.initialize(repeating: 0)
                    initialized = count
                    do throws(SafeTensorsError) { try weights.read(name, from: start, into: target) } catch { failure = error }
                }
                if let failure { throw failure }
                var text = start == 0 ? "" : ","
                text += numbers.map { $0.isFinite ? "\($0)" : "null" }.joined(separator: ",")
                try await writer.write(Array(text.utf8))
            }
            try await writer.write(Array("]}".utf8))
        }
        return Response(status: .ok, fields: [.contentType: "application/json"], body: body)
    }
}
