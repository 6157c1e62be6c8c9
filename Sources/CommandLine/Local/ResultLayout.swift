/// Where things stand in the folder of a result.
enum ResultLayout {
    /// The stage before fine-tuning.
    static let pruned = "pruned"

    /// Whether a checkpoint's file stands where a job's own do: then it is of an earlier result that the checkpoint was itself.
    static func isReserved(_ path: String) -> Bool { path.hasPrefix(pruned + "/") }
}
