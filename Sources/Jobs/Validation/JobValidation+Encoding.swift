import Engine

extension JobValidation {
    /// Whether what stands beside the network can make of pictures what it works on, and pictures of its samples.
    static func encoding(_ valid: Valid) -> [FieldError] {
        guard valid.request.needsPictures else { return [] }
        let sample = valid.model.sampleShape
        guard valid.objective.schedule != nil, valid.source.descriptor.isLatent else {
            guard valid.request.evaluation != nil || valid.objective.schedule == nil, ![1, 3].contains(sample.channels) else { return [] }
            guard valid.objective.schedule != nil else {
                let kind = valid.objective.needsNoPictures ? "a generator of" : "an autoencoder for"
                return [FieldError(pointer: "/checkpoint", detail: "is \(kind) pictures of \(sample.channels) channels, not 1 or 3")]
            }
            let hint = "; if these are latents, upload the pipeline with its autoencoder (vae/ or vqvae/)"
            return [
                FieldError(pointer: "/evaluation", detail: "needs a model of 1 or 3 channels; this has \(sample.channels)\(hint)")
            ]
        }
        func refusal(_ detail: String) -> [FieldError] { [FieldError(pointer: "/checkpoint", detail: detail)] }
        guard let encoding = valid.encoding, let autoencoder = encoding.autoencoder else {
            return refusal(
                "is a latent model without its autoencoder, which phases with pictures need: upload the pipeline with its vae/ or vqvae/")
        }
        guard autoencoder.latentChannels == sample.channels else {
            return refusal(
                "works on samples of \(sample.channels) channels; its autoencoder's latents have \(autoencoder.latentChannels)")
        }
        for channels in [autoencoder.inChannels, autoencoder.outChannels] where channels != 1 && channels != 3 {
            return refusal("has an autoencoder for pictures of \(channels) channels, not 1 or 3")
        }
        do throws(AutoencoderError) {
            _ = try encoding.plan(.decoder, samples: 1, memory: .max, parallel: Parallel(threads: 1))
        } catch {
            return refusal("has an autoencoder that cannot be run: \(error)")
        }
        return []
    }

    /// Whether pictures have the tokens that a model is told; fills in the share of those that it is told nothing of.
    static func tokens(_ valid: inout Valid, width: Int, _ dataset: DatasetDescriptor) -> [FieldError] {
        func refusal(_ pointer: String, _ detail: String) -> [FieldError] { [FieldError(pointer: pointer, detail: detail)] }
        if let embeddings = dataset.embeddings {
            guard embeddings.width == width else {
                return refusal("/dataset", "has embeddings of \(embeddings.width) numbers; the model is told tokens of \(width)")
            }
        } else if dataset.captions > 0 {
            guard let text = valid.encoding?.text else {
                return refusal(
                    "/checkpoint",
                    "has no text encoder for the captions of the dataset: upload the pipeline with its text_encoder/ and tokenizer/, or put "
                        + "embeddings.safetensors beside the pictures")
            }
            guard text.width == width else {
                return refusal("/checkpoint", "has a text encoder of \(text.width) numbers a token; the model is told tokens of \(width)")
            }
        } else {
            return refusal(
                "/dataset",
                "has no captions, which the model is told: give each picture a text in metadata.jsonl or metadata.csv, or put "
                    + "embeddings.safetensors beside them")
        }
        if valid.request.finetuning != nil, valid.request.finetuning?.unconditionalProbability == nil {
            valid.request.finetuning?.unconditionalProbability = usualProbability
        }
        return []
    }
}
