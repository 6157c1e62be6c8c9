import Documents

/// A configuration of CompVis's code base (`model.params.unet_config`, …), parsed from its YAML: what tensors cannot tell, and what it must say as
/// they do.
public struct CompVisConfiguration: Sendable, Equatable {
    /// The U-Net's heads; nil where it says nothing of them.
    let heads: CompVisHeads?
    /// Whether q, k and v of all heads stand one after the other in the layer that makes them (`use_new_attention_order`).
    let separatesFirst: Bool
    /// The side of samples (`image_size`).
    let sampleSize: Int?
    /// The first and last β, how many, and diffusers' name of what lies between.
    let schedule: CompVisSchedule
    /// What latents are multiplied by; nil where it says nothing.
    let scaleFactor: Double?
    /// diffusers' name of what the network gives (`parameterization`).
    let prediction: String
    /// Whether the last layer of a text encoder is read.
    let readsLastTextLayer: Bool
    /// The U-Net's section, to be compared with its tensors.
    private let unet: JSON

    private static let (place, unetPlace) = ("model.params", "model.params.unet_config.params")

    /// Whether a document is one: other code bases have YAML, too.
    public static func isOne(_ document: JSON) -> Bool {
        guard let parameters = document["model"]?["params"], case .object = parameters else { return false }
        return ["unet_config", "first_stage_config", "network_config"].contains { parameters[$0] != nil }
    }

    /// Reads a document.
    ///
    /// - Throws: ``ConfigurationError`` naming the key: what is missing, out of range, or asks for what diffusers' networks cannot compute.
    public init(_ document: JSON) throws(ConfigurationError) {
        let parameters = document["model"]?["params"] ?? .null
        guard let unet = parameters["unet_config"]?["params"], case .object = unet else {
            throw .missing(key: Self.unetPlace, expected: "a section, as latent diffusion's and Stable Diffusion's configurations have")
        }
        self.unet = unet
        (heads, separatesFirst) = try Self.read(unet, Self.unetPlace) { reader throws(ConfigurationError) in
            try Self.attention(&reader)
        }
        (sampleSize, schedule, scaleFactor, prediction) = try Self.read(parameters, Self.place) { reader throws(ConfigurationError) in
            let words = ["eps": "epsilon", "x0": "sample", "v": "v_prediction"]
            let word = try reader.word("parameterization", oneOf: words.keys.sorted(), default: "eps")
            return (
                try reader.integer("image_size", in: 1...ConfigurationLimits.side), try CompVisSchedule(&reader),
                reader.value("scale_factor") == nil ? nil : try reader.number("scale_factor", in: 1e-6...1e6, default: 1),
                words[word] ?? "epsilon"
            )
        }
        readsLastTextLayer = try Self.textLayer(parameters["cond_stage_config"])
        try Self.checkAutoencoder(parameters["first_stage_config"]?["params"]?["ddconfig"])
    }

    /// Reads a section; its keys are named with it in errors.
    private static func read<Value>(
        _ section: JSON, _ place: String, _ body: (inout ConfigurationReader) throws(ConfigurationError) -> Value
    ) throws(ConfigurationError) -> Value {
        do throws(ConfigurationError) {
            var reader = try ConfigurationReader(document: section)
            return try body(&reader)
        } catch {
            switch error {
            case .missing(let key, let expected): throw .missing(key: "\(place).\(key)", expected: expected)
            case .invalid(let key, let expected, let found): throw .invalid(key: "\(place).\(key)", expected: expected, found: found)
            case .notJSON: throw error
            }
        }
    }

    private static func attention(_ reader: inout ConfigurationReader) throws(ConfigurationError) -> (CompVisHeads?, Bool) {
        func number(_ key: String) throws(ConfigurationError) -> Int? {
            let number = try reader.integer(key, in: -1...ConfigurationLimits.channels)
            guard number != 0 else { throw .invalid(key: key, expected: "-1 or more than 0", found: "0") }
            return number == -1 ? nil : number
        }
        let (count, width, upwards) = (try number("num_heads"), try number("num_head_channels"), try number("num_heads_upsample"))
        if let upwards, upwards != count {
            throw .invalid(key: "num_heads_upsample", expected: "-1, or num_heads", found: "\(upwards)")
        }
        for (key, only) in [("conv_resample", true), ("disable_middle_self_attn", false)] where try reader.bool(key, default: only) != only
        {
            throw .invalid(key: key, expected: "\(only)", found: "\(!only)")
        }
        for key in ["n_embed", "num_attention_blocks"] { try reader.requireNull(key) }
        guard try reader.integer("dims", in: 1...3, default: 2) == 2 else { throw .invalid(key: "dims", expected: "2", found: "another") }
        // Where both are given, that code goes by the width.
        return (width.map(CompVisHeads.width) ?? count.map(CompVisHeads.count), try reader.bool("use_new_attention_order", default: false))
    }

    private static func textLayer(_ section: JSON?) throws(ConfigurationError) -> Bool {
        guard let section = section?["params"], case .object = section else { return true }
        return try read(section, "\(place).cond_stage_config.params") { reader throws(ConfigurationError) in
            try reader.word("layer", oneOf: ["last", "penultimate"], default: "last") == "last"
        }
    }

    private static func checkAutoencoder(_ section: JSON?) throws(ConfigurationError) {
        guard let section, case .object = section else { return }
        try read(section, "\(place).first_stage_config.params.ddconfig") { reader throws(ConfigurationError) in
            for (key, only) in [("tanh_out", false), ("give_pre_end", false), ("use_linear_attn", false), ("resamp_with_conv", true)]
            where try reader.bool(key, default: only) != only {
                throw .invalid(key: key, expected: "\(only)", found: "\(!only)")
            }
            _ = try reader.word("attn_type", oneOf: ["vanilla", "vanilla-xformers", "none"], default: "vanilla")
        }
    }

    /// Refuses what the weights contradict.
    ///
    /// - Throws: ``ConfigurationError`` naming the key.
    func check(_ network: CompVisUNet) throws(ConfigurationError) {
        let levels = network.levels
        let base = levels[0].width
        let mult = unet["channel_mult"].flatMap { Self.numbers($0).first } ?? 1
        let resolutions = levels.indices.filter { levels[$0].hasAttention }.map { 1 << $0 }
        let asked = unet["attention_resolutions"].map(Self.numbers) ?? []
        let channels = unet["model_channels"]?.integer ?? base / max(1, mult)
        let facts: [(key: String, expected: JSON, found: JSON?)] = [
            ("model_channels", .integer(base / max(1, mult)), unet["model_channels"]),
            ("channel_mult", .integers(levels.map { $0.width / max(1, channels) }), unet["channel_mult"]),
            ("in_channels", .integer(network.inChannels), unet["in_channels"]),
            ("out_channels", .integer(network.outChannels), unet["out_channels"]),
            ("num_res_blocks", .integers(levels.map(\.layers)), unet["num_res_blocks"].map { spread($0, levels.count) }),
            // Those beyond the lowest level are nobody's.
            (
                "attention_resolutions", .integers(resolutions),
                .integers(Set(asked).filter { factor in levels.indices.contains { 1 << $0 == factor } }.sorted())
            ),
            ("context_dim", .optional(network.tokenWidth), unet["context_dim"].map { Self.numbers($0).first.map(JSON.integer) ?? .null }),
            ("use_scale_shift_norm", .bool(network.scaleShift), unet["use_scale_shift_norm"]),
            ("resblock_updown", .bool(network.resamplesByResnet), unet["resblock_updown"]),
            ("use_linear_in_transformer", .bool(network.hasLinearProjections), unet["use_linear_in_transformer"]),
        ]
        for (key, expected, found) in facts {
            guard let found, found != .null, found != expected else { continue }
            throw .invalid(
                key: "\(Self.unetPlace).\(key)", expected: "\(ConfigurationReader.shown(expected)), as the weights have it",
                found: ConfigurationReader.shown(found))
        }
    }

    /// One number for all levels as a list of one for each.
    private func spread(_ value: JSON, _ count: Int) -> JSON {
        value.integer.map { .integers([Int](repeating: $0, count: count)) } ?? value
    }

    private static func numbers(_ value: JSON) -> [Int] {
        if case .array(let values) = value { return values.compactMap(\.integer) }
        return value.integer.map { [$0] } ?? []
    }
}
