import Documents

/// What a file's tensors do not tell: from its YAML, from buffers that it holds, or as published networks of its form have it.
struct CompVisSettings {
    let heads: CompVisHeads
    let separatesFirst: Bool
    /// Nil where nobody has said it.
    let sampleSize: JSON?
    let schedule: CompVisSchedule
    let prediction: String
    /// What latents are multiplied by.
    let scaling: Double
    /// Whether the last layer of a text encoder is read; nil where nothing tells.
    let readsLastTextLayer: Bool?
    /// What was assumed.
    let notes: [Warning]

    /// - Parameters:
    ///   - configuration: the YAML; nil where there is none.
    ///   - sampleSize: what was said of samples beside the file.
    ///   - isQuantized: whether the autoencoder has a table.
    ///   - numbers: reads a tensor of the file; nil where it has none of that name.
    /// - Throws: ``CheckpointError`` where nothing tells how many heads there are.
    init(
        _ unet: CompVisUNet, _ configuration: CompVisConfiguration?, sampleSize: JSON?, isQuantized: Bool, path: String,
        numbers: (String) throws(CheckpointError) -> [Float]?
    ) throws(CheckpointError) {
        let known = CompVisHeads.known(unet)
        guard let heads = configuration?.heads ?? known?.heads else {
            throw .contents(
                path: path,
                trouble: "how many heads its attention has is in no tensor, and its widths \(unet.levels.map(\.width)) are no published "
                    + "network's: send its YAML in one archive with it, which says num_heads or num_head_channels in "
                    + "model.params.unet_config.params")
        }
        self.heads = heads
        separatesFirst = configuration?.separatesFirst ?? false
        readsLastTextLayer = configuration?.readsLastTextLayer
        let isStable2 = unet.tokenWidth == 1024 && unet.hasLinearProjections
        let isStable = isStable2 || unet.tokenWidth == 768 || unet.tokenWidth == 1280
        var assumed: [String] = []

        let stored = try numbers("betas").flatMap { CompVisSchedule($0) }
        if let told = configuration?.schedule ?? stored {
            schedule = told
        } else {
            schedule = isStable ? .stableDiffusion : .latentDiffusion
            assumed.append("betas from \(schedule.start) to \(schedule.end)")
        }
        prediction = configuration?.prediction ?? (isStable2 ? "v_prediction" : "epsilon")
        if configuration == nil, isStable2 {
            assumed.append("v_prediction, where the base model for 512 pixels gives epsilon")
        }
        // A buffer where it was measured (scale_by_std).
        let measured = try numbers("scale_factor")?.first.map { Double($0) }.flatMap { (1e-6...1e6).contains($0) ? $0 : nil }
        if let told = measured ?? configuration?.scaleFactor {
            scaling = told
        } else {
            scaling = configuration != nil || isQuantized ? 1 : 0.18215
            if configuration == nil { assumed.append("latents times \(scaling)") }
        }
        if let sampleSize {
            self.sampleSize = sampleSize
        } else if let side = configuration?.sampleSize {
            self.sampleSize = .integer(side)
        } else if let known {
            let side = isStable2 ? 96 : unet.tokenWidth == 1280 ? 32 : 64
            self.sampleSize = .integer(side)
            assumed.append("samples of \(side)x\(side) for \(known.network)")
        } else {
            self.sampleSize = nil
        }
        var notes: [Warning] = []
        if configuration?.heads == nil, let known {
            let form = if case .count(let count) = heads { "\(count) head\(count == 1 ? "" : "s")" } else { "heads of \(heads.width)" }
            assumed.insert("\(form) as \(known.network) has", at: 0)
        }
        if !assumed.isEmpty {
            let source = configuration == nil ? "no YAML came with \(path)" : "its YAML does not say all"
            notes.append(
                Warning(.assumedSettings, "\(source), and its tensors do not tell; assumed: \(assumed.joined(separator: "; "))"))
        }
        self.notes = notes
    }
}

extension CompVisHeads {
    /// Of each, where that is what is known.
    fileprivate var width: Int { if case .width(let width) = self { width } else { 0 } }
}
