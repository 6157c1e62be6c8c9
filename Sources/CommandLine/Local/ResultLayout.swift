/// Where things stand in the folder of a result.
enum ResultLayout {
    /// The stage before fine-tuning.
    static let pruned = "pruned"

    /// What a job leaves beside its checkpoint.
    private static let documents: Set = ["job.json", "metrics.json", "plan.json", "report.html", "samples.tar", "statistics.npz"]

    /// Whether a file in a result's folder is none of its checkpoint's.
    static func isBeside(_ path: String) -> Bool {
        isReserved(path) || documents.contains(path) || path.hasPrefix("samples_") && path.hasSuffix(".png")
    }

    /// Whether a checkpoint's file stands where a job's own do: then it is of an earlier result that the checkpoint was itself.
    static func isReserved(_ path: String) -> Bool { path.hasPrefix(pruned + "/") }
}
