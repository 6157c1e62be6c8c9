import Engine

/// The memory of one phase, in bytes: what it holds whatever the batch, and the batch as ``BatchPlan`` fits it in.
///
/// It depends on nothing but the request, the models and the limit, so that the same job is cut into the same parts every time.
struct PhaseMemory {
    /// What the server itself takes beside its jobs.
    static let server = 128 << 20

    /// Weights, gradients, averages, pictures: what is there whatever the batch.
    private let fixed: Int
    /// What is left for activations.
    let activations: Int
    /// How the batch goes through in that.
    private let plan: BatchPlan?

    /// - Parameter limit: bytes that the process may hold.
    init(_ phase: any Phase, _ shape: JobShape, limit: Int) {
        fixed = phase.fixedBytes(shape)
        activations = max(0, max(0, limit - Self.server) - fixed)
        plan = phase.batchPlan(shape, memory: activations)
    }

    /// What the phase will hold at most.
    var bytes: Int { fixed + (plan?.bytes ?? 0) }
}
