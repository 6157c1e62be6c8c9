import Documents
import Engine

/// The answer to a dry run: what a job would give and take, reckoned from shapes and from a step's measured time.
package struct JobForecast {
    let job: JobValidation.Valid
    let resources: JobResources
    let memory: RequestMemory

    /// Foretells a job that can run.
    package init(job: JobValidation.Valid, resources: JobResources, memory: RequestMemory) {
        self.job = job
        self.resources = resources
        self.memory = memory
    }

    /// The contract's answer.
    ///
    /// - Throws: ``ConfigurationError``; ``RequestMemoryError``.
    package func json() throws -> JSON {
        let (before, after) = (
            job.model.described(tokens: job.source.tokens).graph, job.result.described(tokens: job.source.tokens).graph
        )
        func change(_ old: Int, _ new: Int) -> JSON { ["before": .integer(old), "after": .integer(new)] }
        var widths = JSON.null
        if let before = job.model.blockWidths, let after = job.result.blockWidths {
            widths = ["before": .integers(before), "after": .integers(after)]
        }
        let size = job.source.size
        return [
            "object": "dry_run", "request": job.request.json, "is_estimate": .bool(job.isEstimate),
            "block_out_channels": widths,
            "groups": .array(groups().map { ["name": .string($0.name), "width": change($0.before, $0.after)] }),
            "parameters": change(before.parameterCount, after.parameterCount),
            "macs": change(before.multiplyAccumulates, after.multiplyAccumulates),
            "size": change(size, size - job.source.weightsSize + (try weightsSize())),
            "activation_memory": change(before.sampleBytes(resources.parallel), after.sampleBytes(resources.parallel)),
            "memory": job.memory(resources).json, "seconds": try seconds(),
            "warnings": job.warnings.json,
        ]
    }

    /// Every group's width before and after.
    private func groups() -> [(name: String, before: Int, after: Int)] {
        // Where layers may be left out, others go by other names then.
        if let kept = try? job.request.pruning?.plan?.plan.kept(for: job.model) {
            return zip(job.model.graph.channelGroups(), kept).map { ($0.name, $0.width, $1.count) }
        }
        let shapes = Dictionary(uniqueKeysWithValues: job.result.graph.parameters.map { ($0.name, $0.shape) })
        return job.model.graph.channelGroups().map { group in
            // The layer that names the group may have several rows for every channel: a gate has two.
            let named = group.members.filter { $0.parameter == "\(group.name).weight" }
            guard let axis = named.first?.axis, let shape = shapes["\(group.name).weight"] else {
                return (group.name, group.width, group.width)
            }
            return (group.name, group.width, shape[axis] / named.filter { $0.axis == axis }.count)
        }
    }

    /// Bytes of the result's weights' file.
    private func weightsSize() throws -> Int {
        let formats = try job.request.dtype.map { NumberFormats($0.scalar) } ?? job.source.formats()
        let entries = job.result.graph.parameters.map { SafeTensorsWriter.Entry($0, formats) }
        return try SafeTensorsWriter(entries, type: formats.common).size
    }

    /// Seconds of every phase that takes steps, were all of them done: Diff-Pruning may stop earlier. Where another job has scored for this
    /// one, none are.
    private func seconds() throws -> JSON {
        let shape = job.shape(resources.parallel)
        let phases = Phases.all.asked(by: job.request)
        let steps = phases.map { (name: type(of: $0).name, steps: $0.steps(shape)) }
        let timings = try timings(shape, batch: phases.map { $0.batch }.max() ?? 1) { network in
            steps.contains { $0.steps.contains { $0.network == network } }
        }
        var seconds: [JSON.Member] = []
        var total = 0.0
        let isEncoding = steps.contains { $0.steps.contains { $0.network == nil } }
        let speed = isEncoding ? Matrix.measuredSpeed(resources.parallel) : 1
        for (name, steps) in steps where !steps.isEmpty {
            let isDone = name == Scoring.name && job.isScored
            let value =
                isDone
                ? 0
                : steps.reduce(0) { sum, steps in
                    guard let network = steps.network else { return sum + steps.seconds(speed: speed) }
                    return sum + (timings[network].map { steps.seconds($0, shape) } ?? 0)
                }
            seconds.append(.init(name.rawValue, .double(value)))
            total += value
        }
        return JSON.object(seconds).adding([.init("total", .double(total))])
    }

    /// The measured steps of the networks that phases run.
    private func timings(
        _ shape: JobShape, batch: Int, needs: (PhaseSteps.Network) -> Bool
    ) throws -> [PhaseSteps.Network: StepTiming] {
        func measured(_ model: any Architecture) throws -> StepTiming {
            func cost(_ batch: Int) throws -> Int {
                try StepTiming.bytes(model, batch: batch, parallel: resources.parallel) + StoredCheckpoint.graphCost
            }
            // Where the batch that was asked for does not fit, a smaller one tells nearly as much.
            var batch = batch
            while batch > 1, try cost(batch) > memory.largestWork { batch /= 2 }
            // Nor may a request take the memory that a job may.
            guard try cost(batch) <= memory.largestWork else {
                return StepTiming(reckoning: model, speed: Matrix.measuredSpeed(resources.parallel))
            }
            return try memory.work(cost(batch), for: "measuring this model's steps") {
                try StepTiming(model, batch: batch, parallel: resources.parallel, now: JobProgressReporter.now)
            }
        }
        var timings: [PhaseSteps.Network: StepTiming] = [:]
        for network in PhaseSteps.Network.allCases where needs(network) {
            let model = network.model(in: shape)
            // Where nothing was cut, two of them are one.
            let same = timings.keys.first { $0.model(in: shape).graph.parameterCount == model.graph.parameterCount }
            timings[network] = try same.flatMap { timings[$0] } ?? measured(model)
        }
        return timings
    }
}
