import Documents
import Engine

/// What a job's target comes to for its checkpoint.
struct CutGoal {
    private let gauge: CutGauge
    private let uncut: any Architecture
    private let original: [CutResource: Int]
    /// What was asked for.
    private let asked: [CutResource: Int]
    /// What the cut is to meet.
    private let limits: [CutResource: Int]

    /// - Parameters:
    ///   - request: whose number formats and widths count.
    ///   - source: the checkpoint, whose weights' file is the original's size.
    ///   - model: its network.
    ///   - objective: by which a sample goes through the network.
    ///   - memory: bytes for activations where networks are run to tell their time.
    /// - Throws: what reading the weights' header throws.
    init(
        _ target: CutTarget, _ request: JobRequest, _ source: StoredCheckpoint, _ model: any Architecture, _ objective: JobObjective,
        memory: Int = .max, _ parallel: Parallel
    ) throws {
        let formats = try request.dtype.map { NumberFormats($0.scalar) } ?? source.formats()
        let gauge = CutGauge(
            formats: formats, tokens: source.tokens, parallel: parallel,
            clock: request.usualEvaluation.clock(objective, memory: memory, parallel))
        let original = try target.limits.keys.reduce(into: [CutResource: Int]()) { original, resource in
            original[resource] = resource == .size ? source.weightsSize : try gauge.amount(resource, of: model)
        }
        asked = target.amounts { original[$0] ?? 0 }
        (self.gauge, self.original, limits, uncut) = (gauge, original, asked, model)
    }

    private init(_ goal: CutGoal, limits: [CutResource: Int]) {
        (gauge, uncut, original, asked, self.limits) = (goal.gauge, goal.uncut, goal.original, goal.asked, limits)
    }

    /// Multiply-accumulates of a network as its pipeline runs it.
    func multiplyAccumulates(of network: any Architecture) throws -> Int { try gauge.amount(.macs, of: network) }

    /// The same that leaves no more than so many ``LossSearch/parts`` of the network's multiply-accumulates, too.
    func leaving(_ parts: Int, of model: any Architecture) throws -> CutGoal {
        guard parts < LossSearch.parts else { return self }
        let most = try multiplyAccumulates(of: model) * parts / LossSearch.parts
        return CutGoal(self, limits: limits.merging([.macs: most], uniquingKeysWith: min))
    }

    /// The cut of the network that meets it.
    ///
    /// - Parameter timesteps: of the noise schedule; nil where the network is told noise levels.
    /// - Throws: what ``TargetedCut/init(_:limits:widths:blockRules:timesteps:gauge:seconds:)`` throws.
    func cut(_ model: any Architecture, _ settings: JobRequest.Pruning, timesteps: Int?) throws -> TargetedCut {
        // One with fewer layers is yet to be measured.
        let seconds = model.isCut(of: uncut) ? nil : original[.secondsPerSample]
        return try TargetedCut(
            model, limits: limits, widths: settings.widths, blockRules: model.blockRules(settings.timeEmbedding), timesteps: timesteps,
            gauge: gauge, seconds: seconds)
    }

    /// What was asked for and what came of it, which is measured where it is time: the contract's `target` in a job's metrics.
    func json(_ result: any Architecture, of model: any Architecture) throws -> JSON {
        .object(
            try CutResource.allCases.compactMap { resource in
                guard let limit = asked[resource] else { return nil }
                return .init(
                    resource.rawValue,
                    [
                        "limit": resource.told(limit), "before": original[resource].map(resource.told) ?? .null,
                        "after": resource.told(try amount(resource, of: result, from: model)),
                    ])
            })
    }
}

extension CutGoal {
    private func amount(_ resource: CutResource, of result: any Architecture, from model: any Architecture) throws -> Int {
        guard !resource.isCounted, let before = original[resource] else { return try gauge.amount(resource, of: result) }
        return gauge.nanoseconds(of: result, beside: (model, before))
    }
}

extension JobRequest.Evaluation {
    /// Tells how long a sample takes that it draws.
    func clock(_ objective: JobObjective, memory: Int, _ parallel: Parallel) -> SampleClock {
        SampleClock(
            passes: objective.passes(self), samples: min(samples, Sampling.largestBatch), memory: memory,
            parallel: parallel, now: JobProgressReporter.now)
    }
}
