import Documents
import Foundation
import Jobs
import Storage

/// Everything that a job gives, as files: what the API would give one by one.
///
///     model_index.json, scheduler/, unet/   the result, a pipeline's folder; manifest.json, and load_pruned.py for free widths
///     pruned/                               the same before fine-tuning, where there was any
///     metrics.json, plan.json, job.json     what was measured, what was cut, what was asked for
///     report.html, samples_*.png            to look at; samples.tar where all samples are kept
///     statistics.npz                        of what samples were compared with, where a Fréchet distance was taken
struct ResultFolder {
    let database: Database
    let job: Job

    /// Writes all of it into a folder that is not there yet, and onto the disk.
    func write(to folder: URL) async throws {
        let writer = FolderWriter(folder)
        if let last = job.resultCheckpoint { try writeCheckpoint(last, to: writer, below: "") }
        if let pruned = job.resultPruned, pruned != job.resultCheckpoint {
            try writeCheckpoint(pruned, to: writer, below: ResultLayout.pruned + "/")
        }
        try writer.write("metrics.json", Array(try MetricsPayload.document(of: job.id, in: database.jobs, all: true).compact.utf8))
        if job.resultPruned != nil {
            try writer.write("plan.json", Array(try PlanPayload.document(of: job, in: database.jobs).compact.utf8))
        }
        try writer.write("job.json", Array(try job.payload().compact.utf8))
        for file in try database.jobs.files(of: job.id) {
            close(try database.blobs.open(file.digest, of: .file, job.id, file: file.name))
            try writer.copy(file.name, from: database.blobs.url(for: file.digest))
        }
        let file = try writer.file("report.html")
        try await Report(of: job.id, in: database).write { try file.write(contentsOf: Data($0)) }
        try writer.finish(file, "report.html")
        try writer.finish()
    }

    private func writeCheckpoint(_ id: String, to writer: FolderWriter, below prefix: String) throws {
        for file in try database.checkpoints.get(id).files where !ResultLayout.isReserved(file.path) {
            close(try database.blobs.open(file.digest, of: .checkpoint, id, file: file.path))
            try writer.copy(prefix + file.path, from: database.blobs.url(for: file.digest))
        }
    }
}
