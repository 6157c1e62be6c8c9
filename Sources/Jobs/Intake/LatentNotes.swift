import Documents
import Engine
import Foundation

/// Whether an uploaded network works on an autoencoder's latents, and what there is to say where that is not sure.
struct LatentNotes {
    /// Whether it does, as far as anything tells.
    let isLatent: Bool
    /// What there is to say.
    let warnings: [Warning]

    /// - Parameters:
    ///   - index: the pipeline's index, where one was sent.
    ///   - config: what a configuration's file holds; nil where there is none.
    init(_ model: any Architecture, _ layout: DiffusersLayout, index: JSON?, config: (String) -> Data?) {
        let folders = ["vae", "vqvae"]
        let isNamed = folders.contains { index?[$0].map { $0 != .null } ?? false }
        let upload = "upload the pipeline with its autoencoder (vae/ or vqvae/)"
        var pipeline: String?
        // Pipelines that draw latents, whatever stands in the index beside their name.
        if case .string(let name)? = index?["_class_name"], ["LDM", "LatentDiffusion", "StableDiffusion"].contains(where: name.hasPrefix) {
            pipeline = name
        }
        isLatent = layout.isLatent || isNamed || pipeline != nil
        let channels = model.sampleShape.channels
        if layout.isLatent {
            warnings = folders.compactMap { folder in
                let path = "\(folder)/config.json"
                guard let data = config(path) else { return nil }
                do throws(ConfigurationError) {
                    _ = try AutoencoderConfiguration(json: data)
                    return nil
                } catch {
                    return Warning(.autoencoderNotRun, "\(path): \(error); phases that need pictures are refused")
                }
            }
        } else if isNamed {
            let missing = "model_index.json names an autoencoder that is not there; phases that need pictures are refused: \(upload)"
            warnings = [Warning(.noAutoencoder, missing)]
        } else if let pipeline {
            warnings = [
                Warning(
                    .noAutoencoder,
                    "model_index.json is of a \(pipeline), which works on latents, and no autoencoder is there; phases that need pictures are "
                        + "refused: \(upload)")
            ]
        } else if model.objectives.isEmpty {
            // No phase that needs pictures can run it anyway.
            warnings = []
        } else if channels != 1, channels != 3 {
            let what = "the network takes samples of \(channels) channels, which are no pictures; if they are latents, \(upload)"
            warnings = [Warning(.noAutoencoder, what)]
        } else if case .tokens = model.condition {
            let assumed = "the network is taken for one of pictures, as no autoencoder is there; if its samples are latents, \(upload)"
            warnings = [Warning(.assumedPixels, assumed)]
        } else {
            warnings = []
        }
    }
}
