import Documents
import Engine
import Storage

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
    /// - Throws: ``ConfigurationError``; ``RequestMemoryError`` when the model is too large to be measured.
    package func json() throws -> JSON {
        let (before, after) = (job.model.graph, job.result.graph)
        func change(_ old: Int, _ new: Int) -> JSON { ["before": .integer(old), "after": .integer(new)] }
        var widths = JSON.null
        if let before = job.model.blockWidths, let after = job.result.blockWidths {
            widths = ["before": .integers(before), "after": .integers(after)]
        }
        let size = job.source.size
        return [
            "object": "dry_run", "request": job.request.json, "block_out_channels": widths,
            "groups": .array(groups().map { ["name": .string($0.name), "width": change($0.before, $0.after)] }),
            "parameters": change(before.parameterCount, after.parameterCount),
            "macs": change(before.multiplyAccumulates, after.multiplyAccumulates),
            "size": change(size, size - job.source.weightsSize + (try weightsSize())),
            "activation_memory": change(before.sampleBytes(resources.parallel), after.sampleBytes(resources.parallel)),
            "memory": job.memory(resources).json, "seconds": try seconds(),
        ]
    }

    /// Every group's width before and after.
    private func groups() -> [(name: String, before: Int, after: Int)] {
        let rows = Dictionary(uniqueKeysWithValues: job.result.graph.parameters.map { ($0.name, $0.shape[0]) })
        return job.model.graph.channelGroups().map { group in
            // A scale_shift layer has two rows for every channel; the layer that names the group has one.
            (group.name, group.width, rows["\(group.name).weight"] ?? group.width)
        }
    }

    /// Bytes of the result's weights' file.
    private func weightsSize() throws -> Int {
        let entries = job.result.graph.parameters.map { SafeTensorsWriter.Entry(name: $0.name, shape: $0.shape) }
        return try SafeTensorsWriter(entries, type: job.request.dtype?.scalar ?? job.source.type).size
    }

    /// Seconds of every phase that takes long, were all timesteps kept: Diff-Pruning may stop earlier.
    private func seconds() throws -> JSON {
        let request = job.request
        let needsOriginal = request.evaluation != nil || request.pruning?.needsGradients == true
        let batch = max(
            request.pruning?.batchSize ?? 1, request.finetuning?.batchSize ?? 1,
            min(Sampling.largestBatch, request.evaluation?.samples ?? 1))
        func measured(_ model: any Architecture) throws -> StepTiming {
            func cost() throws -> Int {
                try StepTiming.bytes(model, batch: batch, parallel: resources.parallel) + StoredCheckpoint.graphCost
            }
            // Where the batch that was asked for does not fit, a smaller one tells nearly as much.
            var batch = batch
            while batch > 1, try cost() > memory.largestWork { batch /= 2 }
            return try memory.work(cost(), for: "measuring this model's steps") {
                try StepTiming(model, batch: batch, parallel: resources.parallel, now: JobProgressReporter.now)
            }
        }
        let before = needsOriginal ? try measured(job.model) : nil
        let isPruned = job.result.graph.parameterCount != job.model.graph.parameterCount
        let needsResult = request.evaluation != nil || request.finetuning != nil
        let after =
            needsResult && (isPruned || before == nil) ? try measured(job.result) : before

        var seconds: [JSON.Member] = []
        var total = 0.0
        func add(_ phase: JobPhase, _ value: Double) {
            seconds.append(.init(phase.rawValue, .double(value)))
            total += value
        }
        if let pruning = request.pruning, pruning.needsGradients, let before {
            let last = pruning.last ?? job.schedule.count - 1
            let steps = (last - pruning.first) / pruning.stride + 1
            add(.scoring, Double(steps) * before.training.seconds(batch: pruning.batchSize))
        }
        if let settings = request.finetuning, let after {
            add(.finetuning, Double(settings.steps) * after.training.seconds(batch: settings.batchSize))
        }
        if let evaluation = request.evaluation, let before, let after {
            let stages =
                [before.forward]
                + [request.pruning == nil ? nil : after.forward, request.finetuning == nil ? nil : after.forward]
                .compactMap { $0 }
            add(.evaluating, stages.reduce(0) { $0 + Self.seconds(evaluation, job.pictures, $1) })
        }
        return JSON.object(seconds).adding([.init("total", .double(total))])
    }

    /// Of one stage's evaluation: its held-out loss and its samples.
    private static func seconds(_ evaluation: JobRequest.Evaluation, _ pictures: Int, _ step: StepTiming.Line) -> Double {
        func batches(_ samples: Int) -> Double {
            let parts = (samples + Sampling.largestBatch - 1) / Sampling.largestBatch
            return parts == 0 ? 0 : Double(parts) * step.seconds(batch: (samples + parts - 1) / parts)
        }
        return batches(min(HeldOutLoss.largestCount, pictures)) + Double(evaluation.steps) * batches(evaluation.samples)
    }
}
