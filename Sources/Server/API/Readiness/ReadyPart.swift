/// What serving needs, by the names that `/readyz` gives it.
package enum ReadyPart: String, CaseIterable, Sendable {
    /// The data folder.
    case folder
    /// Room on its disk.
    case disk
    /// The rows.
    case database
    /// What takes the jobs.
    case queue
}
