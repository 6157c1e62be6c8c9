/// Why there is no teacher for fine-tuning to imitate.
package enum TeacherError: Error, Equatable, CustomStringConvertible {
    /// No job made the checkpoint, and this one does not prune it.
    case original(checkpoint: String)
    /// What a checkpoint was made from is not in the store any more.
    case lost(checkpoint: String, missing: String)

    private static let wayOut = "prune and fine-tune in one job, which imitates what it prunes"

    /// What is wrong, safe to show.
    package var description: String {
        switch self {
        case .original(let checkpoint):
            "has nothing to imitate: \(checkpoint) was made by no job and is its own original; \(Self.wayOut)"
        case .lost(let checkpoint, let missing):
            "has nothing to imitate: \(checkpoint) was made from what is not here any more (\(missing)); \(Self.wayOut)"
        }
    }
}
