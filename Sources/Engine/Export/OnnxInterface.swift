/// What goes into an ONNX model and comes out, by the names that optimum's pipelines know.
struct OnnxInterface: Sendable {
    /// An input of the engine's graph as the model has it.
    struct Input: Sendable {
        /// The model's name of it.
        let name: String
        let form: OnnxInput
    }

    /// An output of the engine's graph as the model has it.
    struct Output: Sendable {
        /// The model's name of it.
        let name: String
        /// What its height and width are called; nil where it is tokens.
        let sides: (height: String, width: String)?
    }

    /// By the engine's names.
    let inputs: [String: Input]
    /// By the engine's names.
    let outputs: [String: Output]

    /// A network that removes noise.
    static func denoiser(_ graph: Graph) -> OnnxInterface {
        let classes: OnnxInput = graph.input("class_labels") == .vector(1) ? .classes : .vector
        return OnnxInterface(
            inputs: [
                "sample": Input(name: "sample", form: .map(height: "height", width: "width")),
                "timestep": Input(name: "timestep", form: .number), "class_labels": Input(name: "class_labels", form: classes),
                "encoder_hidden_states": Input(name: "encoder_hidden_states", form: .tokens),
            ],
            outputs: ["out_sample": Output(name: "out_sample", sides: ("height", "width"))])
    }

    /// An autoencoder's encoder, which makes means and logarithms of variances, or latents.
    static func encoder(_ configuration: AutoencoderConfiguration) -> OnnxInterface {
        let factor = configuration.scaleFactor
        return OnnxInterface(
            inputs: ["sample": Input(name: "sample", form: .map(height: "sample_height", width: "sample_width"))],
            outputs: [
                "moments": Output(
                    name: configuration.kind == .distribution ? "latent_parameters" : "latent_sample",
                    sides: ("sample_height / \(factor)", "sample_width / \(factor)"))
            ])
    }

    /// An autoencoder's decoder.
    static func decoder(_ configuration: AutoencoderConfiguration) -> OnnxInterface {
        let factor = configuration.scaleFactor
        return OnnxInterface(
            inputs: ["latents": Input(name: "latent_sample", form: .map(height: "latent_height", width: "latent_width"))],
            outputs: ["sample": Output(name: "sample", sides: ("latent_height * \(factor)", "latent_width * \(factor)"))])
    }

    /// A generator, which takes vectors or, where a convolution comes first, maps of one pixel.
    static func generator(_ graph: Graph) -> OnnxInterface {
        let takesVector = graph.nodes.dropFirst().first?.operation is Linear
        let form: OnnxInput = takesVector ? .vector : .map(height: "noise_height", width: "noise_width")
        return OnnxInterface(
            inputs: [DCGANGenerator.noise: Input(name: DCGANGenerator.noise, form: form)],
            outputs: [DCGANGenerator.picture: Output(name: DCGANGenerator.picture, sides: ("height", "width"))])
    }

    /// The table that makes a token of a class.
    static let classEmbedder = OnnxInterface(
        inputs: [ClassEmbedder.input: Input(name: "class_labels", form: .classes)],
        outputs: [ClassEmbedder.output: Output(name: "encoder_hidden_states", sides: nil)])

    /// CLIP's text encoder.
    static let textEncoder = OnnxInterface(
        inputs: [CLIPTextModel.input: Input(name: "input_ids", form: .indices)],
        outputs: [CLIPTextModel.output: Output(name: "last_hidden_state", sides: nil)])
}
