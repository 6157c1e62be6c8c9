import Engine

/// What jobs compute by, for whoever starts them and tells of it.
package enum Arithmetic {
    /// Which BLAS is in use, as it names itself.
    package static var provider: String { Matrix.provider }
    /// The kernels that OpenBLAS has picked; nil where BLAS is another.
    package static var kernels: String? { Matrix.openBLASCore }
    /// Whether BLAS is the slow reference.
    package static var isReference: Bool { Matrix.isReference }

    /// Has each call run on its caller's thread: how many a job has is its own matter.
    package static func useOneThreadPerCall() { Matrix.useOneThreadPerCall() }

    /// How nice jobs may be.
    package static let niceness = Niceness.range

    /// Has jobs step back so far behind other threads and programs. To be called before any job runs.
    package static func stepBack(_ niceness: Int) { Niceness.choose(niceness) }

    /// Starts the process over where that brings better kernels. To be called before anything else.
    package static func restartWithBestKernels() { BLASKernels.restartWithBest() }
}
