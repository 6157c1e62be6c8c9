import Engine
import Foundation
import Storage

/// Checks a job against the checkpoint and the dataset it names, before it is queued.
struct JobValidation {
    let database: Database

    /// The request with what only the checkpoint can tell filled in.
    ///
    /// - Throws: ``APIError`` naming every field that does not fit.
    func validated(_ request: JobRequest) throws -> JobRequest {
        var request = request
        guard let source = try? StoredCheckpoint(database, request.checkpoint) else {
            throw APIError.invalid("/checkpoint", "there is no checkpoint \(request.checkpoint.prefix(200))")
        }
        var dataset: DatasetDescriptor?
        if let id = request.dataset {
            guard let record = try? database.datasets.get(id) else {
                throw APIError.invalid("/dataset", "there is no dataset \(id.prefix(200))")
            }
            dataset = try DatasetDescriptor(record)
        }
        let (model, schedule) = try source.architecture()
        var errors = Self.model(request, model, isLatent: source.descriptor.isLatent)
        errors += Self.pictures(request, model, dataset)
        if errors.isEmpty { errors += Self.memory(request, model) }
        if request.pruning != nil {
            errors += Self.timesteps(&request, schedule)
            errors += Self.selection(request, model)
        }
        if let evaluation = request.evaluation {
            do { _ = try evaluation.sampling.sampler(schedule) } catch {
                errors.append(Problem.Item(pointer: "/evaluation/steps", detail: "\(error)"))
            }
        }
        guard errors.isEmpty else { throw APIError.invalid(errors) }
        return request
    }

    private static func model(_ request: JobRequest, _ model: UNet2DModel, isLatent: Bool) -> [Problem.Item] {
        guard request.needsPictures else { return [] }
        if isLatent {
            return [Problem.Item(pointer: "/checkpoint", detail: "is a latent model: phases that need pictures are not supported for it")]
        }
        let configuration = model.configuration
        if configuration.inChannels != configuration.outChannels {
            return [
                Problem.Item(pointer: "/checkpoint", detail: "predicts another number of channels than it takes: it is no noise predictor")
            ]
        }
        if request.evaluation != nil, ![1, 3].contains(configuration.inChannels) {
            return [Problem.Item(pointer: "/evaluation", detail: "needs a model of 1 or 3 channels; this has \(configuration.inChannels)")]
        }
        return []
    }

    private static func pictures(_ request: JobRequest, _ model: UNet2DModel, _ dataset: DatasetDescriptor?) -> [Problem.Item] {
        guard let dataset else {
            return request.datasetNeed.map { [Problem.Item(pointer: "/dataset", detail: "is required by \($0)")] } ?? []
        }
        let configuration = model.configuration
        var errors: [Problem.Item] = []
        if dataset.channels != configuration.inChannels {
            errors.append(
                Problem.Item(
                    pointer: "/dataset", detail: "has pictures of \(dataset.channels) channels; the model takes \(configuration.inChannels)"
                ))
        }
        if dataset.width < configuration.sampleWidth || dataset.height < configuration.sampleHeight {
            errors.append(
                Problem.Item(
                    pointer: "/dataset",
                    detail: "has pictures of \(dataset.width)×\(dataset.height), smaller than the model's "
                        + "\(configuration.sampleWidth)×\(configuration.sampleHeight)"))
        }
        let batches = [
            ("/pruning/batch_size", request.pruning.flatMap { $0.method.needsGradients ? $0.batchSize : nil }),
            ("/finetuning/batch_size", request.finetuning?.batchSize),
        ]
        for (pointer, size) in batches {
            guard let size, size > dataset.images else { continue }
            errors.append(Problem.Item(pointer: pointer, detail: "must be at most \(dataset.images), the number of pictures"))
        }
        return errors
    }

    /// A batch that this machine's memory cannot hold is refused now, rather than ending the server later.
    private static func memory(_ request: JobRequest, _ model: UNet2DModel) -> [Problem.Item] {
        let parallel = Parallel(threads: ProcessInfo.processInfo.activeProcessorCount)
        let limit = Int(ProcessInfo.processInfo.physicalMemory / 4 * 3)
        let parameterBytes = model.graph.parameterCount * MemoryLayout<Float>.stride
        // Beside the activations: weights and gradients; training also keeps the original, an average and two moments.
        let phases = [
            ("/pruning/batch_size", request.pruning.flatMap { $0.method.needsGradients ? $0.batchSize : nil }, 2),
            ("/finetuning/batch_size", request.finetuning?.batchSize, 6),
        ]
        return phases.compactMap { pointer, batch, copies in
            guard let batch else { return nil }
            let needed = model.graph.activationBytes(batch: batch, isTraining: true, parallel: parallel) + copies * parameterBytes
            guard needed > limit else { return nil }
            return Problem.Item(
                pointer: pointer, detail: "needs \(needed >> 20) MiB of memory; this machine lends a job \(limit >> 20) MiB: lower it")
        }
    }

    private static func timesteps(_ request: inout JobRequest, _ schedule: NoiseSchedule) -> [Problem.Item] {
        guard let pruning = request.pruning else { return [] }
        let last = pruning.last ?? schedule.count - 1
        request.pruning?.last = last
        if last >= schedule.count {
            return [Problem.Item(pointer: "/pruning/timesteps/last", detail: "must be less than \(schedule.count)")]
        }
        return pruning.first <= last
            ? [] : [Problem.Item(pointer: "/pruning/timesteps/first", detail: "must not be greater than last (\(last))")]
    }

    private static func selection(_ request: JobRequest, _ model: UNet2DModel) -> [Problem.Item] {
        guard let pruning = request.pruning else { return [] }
        if pruning.widths == .diffusers, model.configuration.freeWidths {
            return [Problem.Item(pointer: "/pruning/widths", detail: "must be \"free\": this checkpoint has free widths already")]
        }
        let selection = Selection(ratio: pruning.ratio, widths: pruning.widths, blockDivisor: model.configuration.blockDivisor)
        do {
            try selection.validate(model.graph.channelGroups())
            if pruning.widths == .diffusers { _ = try model.configuration.blockWidths(after: selection) }
            return []
        } catch {
            return [Problem.Item(pointer: "/pruning/ratio", detail: error.description)]
        }
    }
}
