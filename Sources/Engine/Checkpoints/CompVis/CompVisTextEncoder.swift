import Documents

/// The text encoder of CompVis's code base: CLIP's as transformers names it (Stable Diffusion 1) or as OpenCLIP does (2), its form as its tensors
/// tell it.
struct CompVisTextEncoder {
    /// Whose names its tensors have.
    private enum Library {
        case transformers
        case openCLIP

        var prefix: String { self == .transformers ? "cond_stage_model.transformer." : "cond_stage_model.model." }
    }

    private let library: Library
    private let shapes: TensorShapes
    private let width: Int
    /// Layers of the file.
    private let found: Int
    /// Those that are read.
    private let layers: Int
    private let config: [JSON.Member]

    /// Fills captions up: what it was trained with.
    var paddingToken: String { library == .openCLIP ? "!" : "<|endoftext|>" }
    /// What is told of how it was read; nil where the file leaves no choice.
    let note: Warning?

    /// CLIP's heads have this width in every size that OpenAI and OpenCLIP have published for texts.
    private static let headWidth = 64

    /// Reads the form; nil where there is no such encoder.
    ///
    /// - Parameters:
    ///   - tensors: of the whole file.
    ///   - readsLast: whether the last layer's output is read, or that before it, where the YAML says.
    /// - Throws: ``CheckpointError/contents(path:trouble:)``.
    init?(_ tensors: [TensorEntry], path: String, readsLast: Bool?) throws(CheckpointError) {
        let transformers = TensorShapes(tensors, prefix: Library.transformers.prefix, path: path)
        let openCLIP = TensorShapes(tensors, prefix: Library.openCLIP.prefix, path: path)
        if transformers.has("text_model.embeddings.token_embedding.weight") {
            (library, shapes) = (.transformers, transformers)
            found = shapes.count { "text_model.encoder.layers.\($0).layer_norm1.weight" }
            layers = found
            note = nil
        } else if openCLIP.has("token_embedding.weight"), openCLIP.has("transformer.resblocks.0.ln_1.weight") {
            (library, shapes) = (.openCLIP, openCLIP)
            found = shapes.count { "transformer.resblocks.\($0).ln_1.weight" }
            layers = found - (readsLast == true ? 0 : 1)
            let leftOut = "the last layer of its text encoder is left out, as Stable Diffusion 2 reads the one before it"
            note = readsLast == nil ? Warning(.layerLeftOut, leftOut) : nil
        } else {
            return nil
        }
        let isOpen = library == .openCLIP
        let token = isOpen ? "token_embedding.weight" : "text_model.embeddings.token_embedding.weight"
        width = try shapes.size(token, 1)
        guard width % Self.headWidth == 0, layers > 0 else {
            throw shapes.refusal(
                "its text encoder is \(width) wide with \(found) layers, expected a multiple of \(Self.headWidth), the width of CLIP's heads, "
                    + "and layers to read")
        }
        let position = isOpen ? "positional_embedding" : "text_model.embeddings.position_embedding.weight"
        let inner = isOpen ? "transformer.resblocks.0.mlp.c_fc.weight" : "text_model.encoder.layers.0.mlp.fc1.weight"
        config = [
            .init("architectures", ["CLIPTextModel"]), .init("bos_token_id", 0), .init("eos_token_id", 2),
            .init("hidden_act", isOpen ? "gelu" : "quick_gelu"), .init("hidden_size", .integer(width)),
            .init("intermediate_size", .integer(try shapes.size(inner, 0))), .init("layer_norm_eps", .double(1e-5)),
            .init("max_position_embeddings", .integer(try shapes.size(position, 0))), .init("model_type", "clip_text_model"),
            .init("num_attention_heads", .integer(width / Self.headWidth)), .init("num_hidden_layers", .integer(layers)),
            .init("pad_token_id", 1), .init("vocab_size", .integer(try shapes.size(token, 0))),
        ]
    }

    /// The `config.json`.
    var json: JSON { .object(config) }

    /// Its tensors under transformers' names; those that have none keep the file's. Left out are what only scores of whole CLIP need, and layers
    /// that are not read.
    ///
    /// - Throws: ``CheckpointError/contents(path:trouble:)``.
    func parts() throws(CheckpointError) -> [MappedWeights.Part] {
        var parts: [MappedWeights.Part] = []
        for (name, entry) in shapes.entries {
            guard library == .openCLIP else {
                if let today = CLIPTextModel.name(of: name) { parts.append(MappedWeights.Part(today, entry)) }
                continue
            }
            let beside = ["text_projection", "logit_scale", "attn_mask", "visual.", "transformer.resblocks.\(found - 1)."]
            if beside.dropLast(layers < found ? 0 : 1).contains(where: name.hasPrefix) { continue }
            parts += try openParts(name, entry)
        }
        return parts
    }

    private static let layerNames = [
        ("ln_1.", "layer_norm1."), ("ln_2.", "layer_norm2."), ("attn.out_proj.", "self_attn.out_proj."), ("mlp.c_fc.", "mlp.fc1."),
        ("mlp.c_proj.", "mlp.fc2."),
    ]

    /// OpenCLIP's tensor, its q, k and v taken apart.
    private func openParts(_ name: String, _ entry: TensorEntry) throws(CheckpointError) -> [MappedWeights.Part] {
        switch name {
        case "positional_embedding": return [.init("text_model.embeddings.position_embedding.weight", entry)]
        case "token_embedding.weight": return [.init("text_model.embeddings.token_embedding.weight", entry)]
        case "ln_final.weight", "ln_final.bias":
            return [.init("text_model.final_layer_norm." + name.dropFirst("ln_final.".count), entry)]
        default: break
        }
        let block = "transformer.resblocks."
        guard name.hasPrefix(block), let dot = name.dropFirst(block.count).firstIndex(of: ".") else { return [.init(entry.name, entry)] }
        let number = name.dropFirst(block.count)[..<dot]
        let rest = name[name.index(after: dot)...]
        let layer = "text_model.encoder.layers.\(number)."
        if let (file, today) = Self.layerNames.first(where: { rest.hasPrefix($0.0) }) {
            return [.init(layer + today + rest.dropFirst(file.count), entry)]
        }
        guard ["attn.in_proj_weight", "attn.in_proj_bias"].contains(rest) else { return [.init(entry.name, entry)] }
        guard entry.shape.first == 3 * width else {
            throw shapes.refusal("the tensor \(entry.name) has shape \(entry.shape), expected \(3 * width) rows")
        }
        return ["q", "k", "v"].enumerated().map { place, part in
            .init(
                "\(layer)self_attn.\(part)_proj.\(rest.hasSuffix("weight") ? "weight" : "bias")", entry,
                rows: [place * width..<(place + 1) * width])
        }
    }
}
