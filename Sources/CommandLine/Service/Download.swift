import Documents
import Foundation
import Media

/// What `pruner download` does: files fetched one by one into a folder beside their place, and moved there when all are whole.
struct Download {
    let client: ServiceClient
    let screen: Screen

    /// A checkpoint that is fetched, and the folder for it within the result.
    private struct Part {
        let checkpoint: String
        let prefix: String
        let files: [RemoteFile]
    }

    /// Fetches a job's results or a checkpoint.
    ///
    /// - Parameters:
    ///   - out: a folder, or by its ending an archive, that is not there yet.
    ///   - restarting: whether what another command began there is thrown away.
    func run(_ id: String, out: String, restarting: Bool) throws {
        let format = ArchiveFormat(endOf: out)
        let job: JSON? = id.hasPrefix("job_") ? try endedJob(id) : Optional.none
        let parts = try parts(job, id, isWhole: format == nil)
        let folder = try UnfinishedFolder(for: out)
        if restarting { try folder.clear() }
        let wanted: JSON = ["download": .string(id)]
        if let begun = try folder.begun() {
            guard begun == wanted else {
                throw CommandFailure(
                    .usage,
                    "--out: another command has begun at \(folder.path) and is not done; give it again, or add --restart to throw it away")
            }
        } else {
            try folder.begin(wanted)
        }
        if !folder.hasResult {
            // An archive is made of the files, the same bytes that the server would make.
            let target = format == nil ? folder.assembling : folder.store
            try fetch(parts, into: target)
            if let format {
                try write(parts, from: target, as: format, to: folder.assembling)
            } else {
                if let job { try fetchPapers(job, into: target) }
                try FolderWriter(target).finish()
            }
            try folder.assembled()
        }
        try folder.finish()
        screen.clear()
    }

    private func endedJob(_ id: String) throws -> JSON {
        let job = try client.get("/v1/jobs/\(ServiceClient.escaped(id))")
        guard JobFollower.hasEnded(job) else {
            throw CommandFailure(.failed, "\(id) is \(job["status"]?.word ?? "") and not done: pruner logs \(id) --follow waits for it")
        }
        return job
    }

    /// - Parameter isWhole: whether all of a job is wanted, or what it comes to alone.
    private func parts(_ job: JSON?, _ id: String, isWhole: Bool) throws -> [Part] {
        func part(_ checkpoint: String, _ prefix: String) throws -> Part {
            let record = try client.get("/v1/checkpoints/\(ServiceClient.escaped(checkpoint))")
            let files = try RemoteFile.list(record).filter { job == nil || !isWhole || !ResultLayout.isReserved($0.path) }
            return Part(checkpoint: checkpoint, prefix: prefix, files: files)
        }
        guard let job else { return [try part(id, "")] }
        guard let last = job["result"]?["checkpoint"]?.word else {
            guard isWhole, job["status"]?.word == "succeeded" else { throw CommandFailure(.failed, "\(id) has made no checkpoint") }
            return []
        }
        let pruned = job["result"]?["pruned_checkpoint"]?.word
        let earlier = try isWhole && pruned != last ? pruned.map { try part($0, ResultLayout.pruned + "/") } : nil
        return [try part(last, "")] + [earlier].compactMap { $0 }
    }

    private func fetch(_ parts: [Part], into folder: URL) throws {
        let total = parts.reduce(0) { $0 + $1.files.reduce(0) { $0 + $1.size } }
        var rate = TransferRate(of: total)
        for part in parts {
            for file in part.files {
                try FileDownload(
                    client: client,
                    path: "/v1/checkpoints/\(ServiceClient.escaped(part.checkpoint))/files/"
                        + file.path.split(separator: "/").map { ServiceClient.escaped(String($0)) }.joined(separator: "/"),
                    target: folder.appendingPathComponent(part.prefix + file.path), size: file.size, digest: file.digest
                ).run { bytes, isNew in
                    if isNew { rate.add(bytes) } else { rate.pass(bytes) }
                    screen.show(rate.progress("downloading"))
                }
            }
        }
    }

    /// What a job leaves beside its checkpoints. Small next to them, and fetched anew where a command was cut off.
    private func fetchPapers(_ job: JSON, into folder: URL) throws {
        let writer = FolderWriter(folder)
        let path = "/v1/jobs/\(ServiceClient.escaped(job["id"]?.word ?? ""))"
        var papers = [("metrics.json", "/metrics?points=all"), ("plan.json", "/plan"), ("report.html", "/report.html"), ("job.json", "")]
        let files = ["before", "pruned", "after"].map { "samples_\($0).png" } + ["statistics.npz", "samples.tar"]
        papers += files.map { ($0, "/files/\($0)") }
        for (name, end) in papers {
            writer.remove(name)
            // Where nothing was pruned, or nothing evaluated, there is none.
            if let bytes = try client.found(path + end) { try writer.write(name, bytes) }
        }
    }

    private func write(_ parts: [Part], from folder: URL, as format: ArchiveFormat, to target: URL) throws {
        let items = parts.flatMap { part in
            part.files.map { ArchiveItem(path: $0.path, size: $0.size, file: folder.appendingPathComponent($0.path)) }
        }
        try? FileManager.default.removeItem(at: target)
        let writer = FolderWriter(target.deletingLastPathComponent())
        let file = try writer.file(target.lastPathComponent)
        try ArchiveWriter(items).write(as: format) { try file.write(contentsOf: Data($0)) }
        try writer.finish(file, target.path)
    }
}
