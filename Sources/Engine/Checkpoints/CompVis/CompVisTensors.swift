/// Which of a file's tensors are what, by the names of CompVis's code base.
struct CompVisTensors {
    /// What every name of the U-Net begins with.
    static let unetPrefix = "model.diffusion_model."
    /// What every name of the autoencoder begins with.
    static let autoencoderPrefix = "first_stage_model."
    /// What every name of the condition's encoder begins with.
    static let conditionPrefix = "cond_stage_model."
    private static let averagePrefix = "model_ema."

    /// The U-Net's, by names without the prefix: the moving averages where there are any.
    let unet: [(name: String, entry: TensorEntry)]
    /// What was chosen and left out.
    let notes: [Warning]

    /// Whether names are that code's.
    static func are(_ names: some Sequence<String>) -> Bool {
        names.contains { $0.hasPrefix(unetPrefix) || $0.hasPrefix(averagePrefix + "diffusion_model") }
    }

    /// - Parameter takesAverages: false takes the weights as they were trained last.
    /// - Throws: ``CheckpointError/contents(path:trouble:)``.
    init(_ tensors: [TensorEntry], path: String, takesAverages: Bool) throws(CheckpointError) {
        if let stranger = tensors.first(where: { $0.name.hasPrefix("conditioner.") || $0.name.hasPrefix("control_model.") }) {
            throw .contents(
                path: path,
                trouble: "the tensor \(stranger.name.prefix(200)) makes this Stable Diffusion XL or a ControlNet, which are not read")
        }
        let own = tensors.filter { $0.name.hasPrefix(Self.unetPrefix) }
        guard !own.isEmpty else {
            throw .contents(
                path: path,
                trouble: "it has moving averages alone (\(Self.averagePrefix)…), whose names cannot be told apart without "
                    + "\(Self.unetPrefix)… beside them")
        }
        var notes: [Warning] = []
        // That code takes the dots out of averages' names.
        let averages = Dictionary(
            tensors.filter { $0.name.hasPrefix(Self.averagePrefix + "diffusion_model") }
                .map { (String($0.name.dropFirst(Self.averagePrefix.count)), $0) }
        ) { first, _ in first }
        var taken: Set<String> = []
        var unet: [(name: String, entry: TensorEntry)] = []
        for entry in own {
            let name = String(entry.name.dropFirst(Self.unetPrefix.count))
            let flat = "diffusion_model" + name.replacing(".", with: "")
            guard takesAverages, let average = averages[flat] else {
                unet.append((name, entry))
                continue
            }
            guard taken.insert(flat).inserted else {
                throw .contents(path: path, trouble: "the tensor \(average.name.prefix(200)) is the average of more than one")
            }
            unet.append((name, average))
        }
        if !taken.isEmpty {
            let left = own.count - taken.count
            notes.append(
                Warning(
                    .averagesTaken,
                    "the U-Net's weights are the moving averages (model_ema.…, \(taken.count) tensors)"
                        + (left > 0 ? ", where there is none those trained last (\(left) tensors)" : "")
                        + "; ?variant=non_ema takes model.diffusion_model.…"))
        }
        self.unet = unet
        self.notes = notes + Self.leftOut(tensors)
    }

    /// Buffers of the noise schedule and of training.
    private static let buffers: Set<String> = [
        "betas", "alphas_cumprod", "alphas_cumprod_prev", "sqrt_alphas_cumprod", "sqrt_one_minus_alphas_cumprod",
        "log_one_minus_alphas_cumprod", "sqrt_recip_alphas_cumprod", "sqrt_recipm1_alphas_cumprod", "posterior_variance",
        "posterior_log_variance_clipped", "posterior_mean_coef1", "posterior_mean_coef2", "lvlb_weights", "logvar", "scale_factor",
        "cond_ids",
    ]

    private static func leftOut(_ tensors: [TensorEntry]) -> [Warning] {
        let known = [unetPrefix, averagePrefix, autoencoderPrefix, conditionPrefix]
        let others = tensors.filter { tensor in !buffers.contains(tensor.name) && !known.contains(where: tensor.name.hasPrefix) }
        guard !others.isEmpty else { return [] }
        let shown = others.prefix(3).map { "\($0.name.prefix(80))" }.joined(separator: ", ")
        return [
            Warning(
                .tensorsLeftOut,
                "\(others.count) tensor\(others.count == 1 ? " is" : "s are") left out that \(others.count == 1 ? "is" : "are") no part of the "
                    + "pipeline (\(shown)\(others.count > 3 ? ", …" : ""))")
        ]
    }
}
