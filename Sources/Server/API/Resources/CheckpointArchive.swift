import Files
import Foundation
import HTTP
import HTTPTypes
import Hashing
import Jobs
import Media
import Storage

/// `/v1/checkpoints/{id}/content`.
extension API {
    /// The whole pipeline folder as one archive.
    func archive(_ request: Request) async throws -> Response {
        let record = try database.checkpoints.get(request.parameter("id"))
        guard let format = ArchiveFormat(rawValue: request.query("format") ?? "tar") else {
            throw APIError(.badRequest, "invalid_format", "format must be tar, tar.gz or zip")
        }
        guard let layout = CheckpointLayout(rawValue: request.query("layout") ?? CheckpointLayout.diffusers.rawValue) else {
            throw APIError(.badRequest, "invalid_layout", "layout must be diffusers or onnx")
        }
        let dtype = try request.query("dtype").map { text in
            guard let dtype = JobRequest.WeightType(rawValue: text) else {
                throw APIError(.badRequest, "invalid_dtype", "dtype must be float32, float16 or bfloat16")
            }
            return dtype
        }
        let variant = [layout == .diffusers ? nil : layout.rawValue, dtype?.rawValue].compactMap { $0 }
        let type = [ArchiveFormat.tar: "application/x-tar", .tarGz: "application/gzip", .zip: "application/zip"][format]
        // The same files in the same order, layout and formats are the same bytes: what they are digests them all.
        var digest = MessageDigest(.sha256)
        digest.update("\(variant.map { $0 + " " }.joined())\(format.rawValue) \(Program.version)".utf8)
        for file in record.files { digest.update("\n\(file.path) \(file.digest.hex)".utf8) }
        return try Representation(
            tag: digest.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined(),
            parts: try await parts(of: record, in: layout, dtype, as: format),
            fields: [
                .contentType: type ?? "application/octet-stream",
                .contentDisposition:
                    "attachment; filename=\"\(record.id)\(variant.map { "-" + $0 }.joined()).\(format.rawValue)\"",
            ]
        ).response(to: request)
    }

    /// A tar's files go out as they are stored. The other formats are written out first: the length is known, the connection reads at its
    /// own pace, and an error is still an error.
    private func parts(
        of record: CheckpointRecord, in layout: CheckpointLayout, _ dtype: JobRequest.WeightType?, as format: ArchiveFormat
    ) async throws -> [ResponseBody.Part] {
        let items = try await items(of: record, in: layout, dtype)
        if format == .tar {
            return try ArchiveWriter(items).tarParts().map { part in
                switch part {
                case .bytes(let bytes): .bytes(bytes)
                case .file(let file, let offset, let length): .file(file, offset: offset, length: length)
                }
            }
        }
        let share = try await memory.admitted(for: "the archive")
        defer { withExtendedLifetime(share) {} }
        let file = try database.blobs.temporaryFile()
        try await BackgroundExecutor.run {
            try ArchiveWriter(items).write(as: format) { try file.write($0) }
            try file.flush()
        }
        let open = try OpenFile(file.url)
        return [.file(open, offset: 0, length: open.size)]
    }

    /// The files of the archive.
    private func items(
        of record: CheckpointRecord, in layout: CheckpointLayout, _ dtype: JobRequest.WeightType?
    ) async throws -> [ArchiveItem] {
        let export = CheckpointExport(try StoredCheckpoint(database, record.id), in: layout, as: dtype)
        guard let cost = export.cost else { return try export.items() }
        let share = try await memory.admitted(for: cost.purpose)
        defer { withExtendedLifetime(share) {} }
        return try await BackgroundExecutor.run { try memory.work(cost.bytes, for: cost.purpose) { try export.items() } }
    }
}
