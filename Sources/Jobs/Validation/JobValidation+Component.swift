import Engine

/// Fields that only some networks have, and what others take for them.
extension JobValidation {
    /// Refuses what does not belong to the network that is meant, and fills in what it alone tells.
    static func component(_ valid: inout Valid) -> [FieldError] {
        let place = valid.source.place
        if valid.model is AsymmetricAutoencoderKL, let asked = valid.request.component, asked != .decoder {
            let detail = "must be \"decoder\": of an AsymmetricAutoencoderKL the decoder alone is cut"
            return [FieldError(pointer: "/pruning/component", detail: detail)]
        }
        if valid.request.pruning != nil { valid.request.pruning?.component = place.component }
        let isSampled = valid.objective.schedule != nil
        valid.request.evaluation?.isSampled = isSampled
        switch valid.objective {
        case .noisePrediction: return ofDenoiser(valid.request)
        case .generation: return ofGenerator(valid.request)
        case .reconstruction: break
        }
        let request = valid.request
        let loss = request.objective ?? ReconstructionLoss()
        valid.request.objective = loss
        if let pruning = request.pruning, pruning.plan == nil {
            if !pruning.given.contains("method") { valid.request.pruning?.method = usualMethod(request, loss) }
            valid.request.pruning?.threshold = 0
        }
        if request.recipe == .best, let finetuning = request.finetuning {
            if finetuning.isBatchUsual { valid.request.finetuning?.training.batchSize = usualBatch }
            if finetuning.isRateUsual, finetuning.training.optimizer == .soap {
                valid.request.finetuning?.training.learningRate = usualRate
            }
        }
        return ofAutoencoder(valid.request, valid.source) + divergence(loss, valid)
    }

    /// What an autoencoder's channels are ranked by where nobody says: what was found best, which goes by squared errors alone.
    private static func usualMethod(_ request: JobRequest, _ loss: ReconstructionLoss) -> JobRequest.Method {
        request.recipe == .best && loss == ReconstructionLoss() ? .gaussNewton : .taylor
    }

    /// Pictures in a step of an autoencoder's fine-tuning: what is left of its error goes by how many a step sees.
    private static let usualBatch = 32
    /// Of 3e-3 to 7e-3 what is good with that many, by SOAP.
    private static let usualRate = 4e-3

    private static func ofDenoiser(_ request: JobRequest) -> [FieldError] {
        [
            request.objective.map { _ in
                FieldError(
                    pointer: "/objective", detail: "is for autoencoders: this network is scored and trained by the noise that it predicts")
            },
            request.pruning?.samples.map { _ in
                FieldError(
                    pointer: "/pruning/samples",
                    detail: "is for autoencoders and generators: batch_size says how many pictures are scored, at every timestep")
            },
        ].compactMap { $0 }
    }

    /// Fields that only a network that is told a timestep has.
    ///
    /// - Parameters:
    ///   - kind: what the network is.
    ///   - shown: what it is scored over.
    ///   - draws: what it does in place of drawing step by step.
    static func ofSchedule(_ request: JobRequest, _ kind: String, shown: String, draws: String) -> [FieldError] {
        let untold = "is for networks that are told a timestep; \(kind) is told none"
        let pruning = [
            ("threshold", "leaves out timesteps; \(kind) is scored over \(shown), and all of them count"),
            ("time_embedding", untold), ("timesteps", "\(untold), and is scored over \(shown): samples says over how many"),
        ]
        let drawing = "says how samples are drawn; \(kind) \(draws)"
        let evaluation = ["sampler", "steps", "eta", "guidance_scale"].map { ($0, drawing) }
        return pruning.filter { request.pruning?.given.contains($0.0) ?? false }.map {
            FieldError(pointer: "/pruning/\($0.0)", detail: $0.1)
        }
            + evaluation.filter { request.evaluation?.given.contains($0.0) ?? false }.map {
                FieldError(pointer: "/evaluation/\($0.0)", detail: $0.1)
            }
    }

    private static func ofAutoencoder(_ request: JobRequest, _ source: StoredCheckpoint) -> [FieldError] {
        var errors = ofSchedule(request, "an autoencoder", shown: "pictures", draws: "draws none, but reconstructs held-out pictures")
        if source.place.isInPipeline, let pruning = request.pruning, pruning.resultWidths == .free {
            errors.append(
                FieldError(
                    pointer: pruning.widthsPointer,
                    detail:
                        "must be \"diffusers\" in a pipeline, which loads its autoencoder by a plain config; an autoencoder that is uploaded "
                        + "by itself can have free ones"))
        }
        if !source.place.isMain {
            do { try source.checkTensors() } catch {
                errors.append(FieldError(pointer: "/pruning/component", detail: "cannot be pruned: \(error)"))
            }
        }
        return errors
    }

    /// Refuses to cut a decoder that cannot be cut alone, before anything is taken for one that can be.
    ///
    /// - Throws: ``JobsError/invalidFields(_:)``.
    static func refuseOtherDecoders(_ request: JobRequest, _ source: StoredCheckpoint) throws {
        guard source.place.component == .decoder, let pruning = request.pruning else { return }
        do throws(ConfigurationError) {
            let configuration = try AutoencoderConfiguration(json: try source.configuration())
            if let objection = AsymmetricAutoencoderKL.objection(to: configuration) { throw objection }
        } catch {
            let detail = "cannot be \"decoder\" (\(source.place.config): \(error)); \"vae\" cuts both halves"
            throw JobsError.invalidFields([FieldError(pointer: "/pruning/component", detail: detail)])
        }
        guard pruning.resultWidths == .free else { return }
        let detail = "must be \"diffusers\" where the decoder alone is cut, which is written as an AsymmetricAutoencoderKL"
        throw JobsError.invalidFields([FieldError(pointer: pruning.widthsPointer, detail: detail)])
    }

    /// Whether the network has the distribution whose divergence is to count, and what goes with it.
    private static func divergence(_ loss: ReconstructionLoss, _ valid: Valid) -> [FieldError] {
        guard loss.divergence > 0 else { return [] }
        func refusal(_ why: String) -> [FieldError] { [FieldError(pointer: "/objective/kl_weight", detail: "must be 0 \(why)")] }
        if valid.source.place.component == .decoder { return refusal("where the decoder alone is trained, on which it does not depend") }
        if valid.model.className != AutoencoderKL.className {
            return refusal("for a \(valid.model.className), whose latents have no distribution")
        }
        if valid.request.finetuning?.distillation != nil { return refusal("with distillation") }
        if valid.request.pruning?.method == .gaussNewton, valid.request.pruning?.plan == nil {
            return refusal("with the method gauss-newton, which goes by what comes out alone")
        }
        return []
    }
}
