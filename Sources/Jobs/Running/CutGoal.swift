import Documents
import Engine

/// What a job's target comes to for its checkpoint.
struct CutGoal {
    private let gauge: CutGauge
    private let original: [CutResource: Int]
    private let limits: [CutResource: Int]

    /// - Parameters:
    ///   - request: whose number formats and widths count.
    ///   - source: the checkpoint, whose weights' file is the original's size.
    ///   - model: its network.
    /// - Throws: what reading the weights' header throws.
    init(_ target: CutTarget, _ request: JobRequest, _ source: StoredCheckpoint, _ model: any Architecture, _ parallel: Parallel) throws {
        let formats = try request.dtype.map { NumberFormats($0.scalar) } ?? source.formats()
        let gauge = CutGauge(formats: formats, tokens: source.tokens, parallel: parallel)
        let original = try target.limits.keys.reduce(into: [CutResource: Int]()) { original, resource in
            original[resource] = resource == .size ? source.weightsSize : try gauge.amount(resource, of: model)
        }
        (self.gauge, self.original) = (gauge, original)
        limits = target.amounts { original[$0] ?? 0 }
    }

    /// The cut of the network that meets it.
    ///
    /// - Parameter timesteps: of the noise schedule; nil where the network is told noise levels.
    /// - Throws: what ``TargetedCut/init(_:limits:widths:blockRules:timesteps:gauge:)`` throws.
    func cut(_ model: any Architecture, _ settings: JobRequest.Pruning, timesteps: Int?) throws -> TargetedCut {
        try TargetedCut(
            model, limits: limits, widths: settings.widths, blockRules: model.blockRules(settings.timeEmbedding), timesteps: timesteps,
            gauge: gauge)
    }

    /// What was asked for and what came of it: the contract's `target` in a job's metrics.
    func json(_ result: any Architecture) throws -> JSON {
        .object(
            try CutResource.allCases.compactMap { resource in
                guard let limit = limits[resource] else { return nil }
                return .init(
                    resource.rawValue,
                    [
                        "limit": .integer(limit), "before": .optional(original[resource]),
                        "after": .integer(try gauge.amount(resource, of: result)),
                    ])
            })
    }
}
