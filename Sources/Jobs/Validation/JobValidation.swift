import Engine
import Foundation
import Storage

/// Checks a job against the checkpoint and the dataset it names, before it is queued.
package struct JobValidation {
    let database: Database
    /// The threads and the memory a job may use.
    let resources: JobResources
    /// What reading the checkpoint's header and laying out its network may take.
    private let memory: RequestMemory

    /// Checks jobs for a store.
    package init(database: Database, resources: JobResources, memory: RequestMemory = .unlimited) {
        self.database = database
        self.resources = resources
        self.memory = memory
    }

    /// A job that can run, and what its checkpoint tells of it.
    package struct Valid {
        /// The request with what only the checkpoint can tell filled in.
        package var request: JobRequest
        let source: StoredCheckpoint
        let model: any Architecture
        /// What pruning leaves of the model; the model itself where nothing is pruned.
        var result: any Architecture
        /// What the model is scored, trained and judged by.
        let objective: JobObjective
        /// What is told of the pictures; nil where there are none.
        let dataset: DatasetDescriptor?
        /// What fine-tuning imitates; nil where it imitates nothing.
        let teacher: (any Architecture)?
        /// What becomes of pictures and captions before a network sees them; nil where they go in as they are.
        let encoding: EncodingShape?

        /// What is told of the pictures that sets of samples are compared with, where they are not the job's own.
        var reference: DatasetDescriptor?
        /// What they are compared with in place of pictures.
        var statistics: EvaluationFile?
        /// What makes features of them; nil where the original's middle does.
        var extractor: StoredExtractor?

        /// Whether another job's pass of scoring serves this one.
        var isScored = false

        /// What was lowered of what is usual.
        var lowered: [Warning] = []
        /// What came of the ratio.
        var share: [Warning] = []

        /// How many pictures there are.
        var pictures: Int { dataset?.images ?? 0 }

        /// A picture as it is loaded.
        var picture: Shape { encoding?.picture ?? model.sampleShape }

        /// Whether ``result`` is that of a uniform cut, as shares of the cut are known only after scoring.
        package var isEstimate: Bool { !(request.pruning?.isForeseen ?? true) }

        /// What its phases are reckoned by.
        package func shape(_ parallel: Parallel) -> JobShape {
            JobShape(
                request: request, before: model, after: result, isEstimate: isEstimate, teacher: teacher, objective: objective,
                encoding: encoding, pictures: pictures, parallel: parallel, references: references,
                hasStatistics: statistics != nil, extractor: extractor?.checkpoint)
        }

        /// The memory each phase will take.
        func memory(_ resources: JobResources) -> JobMemory { JobMemory(shape(resources.parallel), limit: resources.memory) }
    }

    /// Checks a request.
    ///
    /// - Throws: ``JobsError/invalidFields(_:)`` with every field that does not fit; ``StorageError/notFound(_:id:)`` for what the request
    ///   names, and ``StorageError/damaged(_:id:file:found:)`` for what of it is known to be damaged.
    package func validated(_ request: JobRequest) throws -> Valid {
        let source: StoredCheckpoint
        do { source = try StoredCheckpoint(database, request.checkpoint, component: request.component) } catch let error as ComponentError {
            throw JobsError.invalidFields([FieldError(pointer: "/pruning/component", detail: error.description)])
        }
        let request = Self.completed(request, for: source.place.component)
        let record = try request.dataset.map { try database.datasets.get($0) }
        let dataset = try record.map(DatasetDescriptor.init)
        try source.refuseKnownDamage()
        try record?.refuseKnownDamage(database.blobs)
        var errors: [FieldError] = []
        var teacher: Teacher?
        do {
            teacher = try Teacher(request, of: source)
            try teacher?.checkpoint.refuseKnownDamage()
        } catch let error as TeacherError {
            errors.append(Self.distillation(error))
        }
        let extractor = try extractor(request)
        errors += extractor.errors
        let cost =
            source.layoutCost + (request.needsPictures ? source.tokenizerCost : 0) + (teacher?.layoutCost ?? 0)
            + (extractor.file.map { StoredExtractor.openingCost($0, in: database) } ?? 0)
        return try memory.work(cost, for: "the checkpoint's header") {
            let extractor = try extractor.file.map { try StoredExtractor($0, in: database) }
            return try validated(request, source, dataset, teacher, extractor, errors)
        }
    }

    private func validated(
        _ request: JobRequest, _ source: StoredCheckpoint, _ dataset: DatasetDescriptor?, _ teacher: Teacher?,
        _ extractor: StoredExtractor?, _ found: [FieldError]
    ) throws -> Valid {
        try Self.refuseOtherDecoders(request, source)
        let (untold, schedule) = try source.architecture()
        let objective = JobObjective(untold, schedule, request)
        var errors = found
        var encoding: EncodingShape?
        if request.needsPictures {
            func refuse(_ error: any Error) {
                errors.append(FieldError(pointer: "/checkpoint", detail: "has parts that cannot be run: \(error)"))
            }
            do { encoding = try EncodingShape(source, untold, dataset) } catch let error as CheckpointError {
                refuse(error)
            } catch let error as TextConditionerError {
                refuse(error)
            }
        }
        func told(_ model: any Architecture) throws -> any Architecture { try encoding?.tokens.map { try model.told(tokens: $0) } ?? model }
        let model = try told(untold)
        let imitated = try teacher?.model(untold)
        var valid = Valid(
            request: request, source: source, model: model, result: model, objective: objective, dataset: dataset,
            teacher: try imitated.map(told), encoding: encoding)
        valid.extractor = extractor
        if let extractor { valid.request.evaluation?.extractor = extractor.id }
        errors += Self.component(&valid)
        errors += Self.fit(&valid, dataset)
        errors += Self.model(valid.request, model, objective)
        if errors.isEmpty { errors += Self.encoding(valid) }
        if let teacher, let imitated {
            do { _ = try teacher.kept(imitated) } catch let error as TeacherError { errors.append(Self.distillation(error)) }
            if imitated.blockOutputs.isEmpty, request.finetuning?.distillation?.features ?? 0 > 0 {
                errors.append(FieldError(pointer: "/finetuning/distillation/features", detail: "needs a model that consists of blocks"))
            }
        }
        errors += Self.pictures(valid, dataset)
        errors += Self.conditions(&valid, dataset)
        if let pruning = valid.request.pruning {
            errors += Self.timesteps(&valid)
            errors += try cut(pruning, &valid)
        }
        if let evaluation = valid.request.evaluation, let schedule, schedule.note == nil {
            do { _ = try evaluation.sampling.sampler(schedule) } catch {
                errors.append(FieldError(pointer: "/evaluation/steps", detail: "\(error)"))
            }
        }
        errors += try reference(&valid)
        fillReconstruction(&valid)
        if errors.isEmpty { errors += memory(valid) }
        guard errors.isEmpty else { throw JobsError.invalidFields(errors) }
        if let scoring = Scoring(valid.request) {
            let key = scoring.key(valid.request, objective, threads: resources.parallel.threads)
            valid.isScored = try database.calibrations.find(key) != nil
        }
        return valid
    }

    private static func model(_ request: JobRequest, _ model: any Architecture, _ objective: JobObjective) -> [FieldError] {
        guard request.needsPictures else { return [] }
        let channels = model.sampleShape.channels
        if !model.objectives.contains(objective.name) || objective.schedule?.note != nil {
            let note = (model.objectiveNote ?? objective.schedule?.note).map { ": \($0)" } ?? ""
            let what = objective.schedule == nil ? objective.needsNoPictures ? "a generator" : "an autoencoder" : "a predictor of noise"
            return [
                FieldError(
                    pointer: "/checkpoint",
                    detail: "cannot be run as \(what)\(note). Pruning by magnitude or at random needs no pictures")
            ]
        }
        guard let schedule = objective.schedule else { return [] }
        let givesVariance = model.graph.output("out_sample")?.channels == 2 * channels
        if givesVariance != schedule.predictsVariance {
            let detail =
                givesVariance
                ? "gives twice as many channels as it takes, but its scheduler's variance_type is not \"learned\" or \"learned_range\""
                : "gives as many channels as it takes, but its scheduler's variance_type asks for a variance beside them"
            return [FieldError(pointer: "/checkpoint", detail: detail)]
        }
        return []
    }

    private static func distillation(_ error: TeacherError) -> FieldError {
        FieldError(pointer: "/finetuning/distillation", detail: error.description)
    }

    /// A job that memory cannot hold even a picture at a time is refused now, rather than ending the server later.
    private func memory(_ valid: Valid) -> [FieldError] {
        let memory = valid.memory(resources)
        return memory.excess.map { pointer, bytes, purpose in
            FieldError(
                pointer: pointer,
                detail: "needs \(bytes >> 20) MiB of memory \(purpose); the limit is \(memory.limit >> 20) MiB, of which the server itself "
                    + "takes \(PhaseMemory.server >> 20) MiB")
        }
    }

    private static func timesteps(_ valid: inout Valid) -> [FieldError] {
        guard let pruning = valid.request.pruning, pruning.plan == nil else { return [] }
        guard let schedule = valid.objective.schedule else { return [] }
        let last = pruning.last ?? schedule.count - 1
        valid.request.pruning?.last = last
        if last >= schedule.count {
            return [FieldError(pointer: "/pruning/timesteps/last", detail: "must be less than \(schedule.count)")]
        }
        return pruning.first <= last
            ? [] : [FieldError(pointer: "/pruning/timesteps/first", detail: "must not be greater than last (\(last))")]
    }

    /// What pruning leaves, and whether it can be.
    private func cut(_ pruning: JobRequest.Pruning, _ valid: inout Valid) throws -> [FieldError] {
        if let plan = pruning.plan { return Self.plan(plan, &valid) }
        switch pruning.extent {
        case .ratio(let ratio): return Self.selection(pruning, ratio, &valid)
        case .target(let target) where !target.counted.limits.isEmpty: return try self.target(target.counted, pruning, &valid)
        case .target: return try reckoned(pruning, "/pruning/target", &valid)
        case .auto: return try reckoned(pruning, "/pruning/ratio", &valid)
        }
    }

    /// How many channels of a group go depends on their scores only where shares follow what channels are worth; what pruning leaves is
    /// reckoned by a uniform cut then, which takes as many multiply-accumulates.
    private static func selection(_ pruning: JobRequest.Pruning, _ ratio: Double, _ valid: inout Valid) -> [FieldError] {
        let model = valid.model
        if pruning.widths == .diffusers, model.freeWidths {
            return [FieldError(pointer: "/pruning/widths", detail: Self.alreadyFree)]
        }
        let selection = Selection(ratio: ratio, widths: pruning.widths, blockRules: model.blockRules(pruning.timeEmbedding))
        let groups = model.graph.channelGroups()
        do {
            try selection.validate(groups)
            let kept = try selection.kept(groups, importance: groups.map { [Double](repeating: 0, count: $0.width) })
            valid.result = try model.pruned(kept: kept, widths: pruning.widths, steps: valid.objective.timesteps)
            valid.share = share(pruning, ratio, groups, kept: kept.map(\.count), isEstimate: valid.isEstimate)
            return []
        } catch PruningError.noBlockWidths {
            let free = Selection(ratio: ratio, widths: .free, blockRules: model.blockRules)
            let kept = try? free.kept(groups, importance: groups.map { [Double](repeating: 0, count: $0.width) })
            let left = kept.flatMap { try? model.pruned(kept: $0, widths: .free, steps: valid.objective.timesteps).graph.parameterCount }
            let gives = left.map { ", and leave \($0) of \(model.graph.parameterCount) parameters at this ratio" } ?? ""
            return [FieldError(pointer: "/pruning/widths", detail: "cannot be \"diffusers\": \(PruningError.noBlockWidths)\(gives)")]
        } catch {
            return [FieldError(pointer: "/pruning/ratio", detail: "\(error)")]
        }
    }

    private static func plan(_ payload: PlanPayload, _ valid: inout Valid) -> [FieldError] {
        let pointer = "/pruning/plan"
        let digest = valid.source.weightsDigest
        guard payload.digest == digest else {
            return [
                FieldError(pointer: "\(pointer)/digest", detail: "belongs to another checkpoint: this one's weights have \(digest)")
            ]
        }
        if payload.plan.widths == .diffusers, valid.model.freeWidths {
            return [FieldError(pointer: "\(pointer)/widths", detail: Self.alreadyFree)]
        }
        do {
            let kept = try payload.plan.kept(for: valid.model)
            valid.result = try valid.model.pruned(kept: kept, widths: payload.plan.widths, steps: valid.objective.timesteps)
            return []
        } catch let error as PruningPlanError {
            let place = error.place.map { "/\($0.index)/\($0.field)" } ?? ""
            return [FieldError(pointer: "\(pointer)/groups\(place)", detail: error.description)]
        } catch {
            return [
                FieldError(
                    pointer: "\(pointer)/groups",
                    detail: "does not give every group of a block one width, as diffusers widths need: \(error)")
            ]
        }
    }

    static let alreadyFree = "must be \"free\": this checkpoint has free widths already"
}
