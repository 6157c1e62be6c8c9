import Documents
import Foundation

/// A configuration of the DDIM code base (ermongroup/ddim, `configs/*.yml`) as diffusers' two: the U-Net's and the scheduler's.
///
/// The model has everything that code fixes: GroupNorms of 32 groups and epsilon 1e-6, sines before cosines with frequencies
/// 10000^(-k / (ch/2 - 1)), one attention head as wide as its block, padding at the far edges before each strided convolution.
public struct DDIMConfiguration: Sendable, Equatable {
    /// The U-Net's `config.json`.
    public let unet: Data
    /// The `scheduler_config.json`. Samples are clipped, as that code's DDPM sampler and the published conversions of its weights do.
    public let scheduler: Data
    /// What was ignored.
    public let warnings: [Warning]

    /// Converts a configuration whose YAML has been parsed.
    ///
    /// - Throws: ``ConfigurationError`` naming the key: what is missing, out of range, or asks for what diffusers' U-Net cannot compute.
    public init(_ document: JSON) throws(ConfigurationError) {
        var warnings: [Warning] = []
        let (channels, unet) = try Self.section("model", document, &warnings) { reader throws(ConfigurationError) in
            try Self.unet(&reader, document)
        }
        try Self.section("data", document, &warnings) { reader throws(ConfigurationError) in try Self.checkData(&reader, channels: channels)
        }
        let variance = try Self.variance(document)
        let scheduler = try Self.section("diffusion", document, &warnings) { reader throws(ConfigurationError) in
            try Self.scheduler(&reader, variance)
        }
        self.unet = Data(unet.pretty.utf8)
        self.scheduler = Data(scheduler.pretty.utf8)
        self.warnings = warnings
    }

    /// Reads one of the file's sections; its keys are named with it in errors.
    private static func section<Value>(
        _ name: String, _ document: JSON, _ warnings: inout [Warning],
        _ read: (inout ConfigurationReader) throws(ConfigurationError) -> Value
    ) throws(ConfigurationError) -> Value {
        guard case .object? = document[name], let section = document[name] else {
            throw .missing(key: name, expected: "a section, as the DDIM code's configurations have")
        }
        do throws(ConfigurationError) {
            var reader = try ConfigurationReader(json: Data(section.compact.utf8))
            let value = try read(&reader)
            warnings += reader.unknownKeyWarnings().map { warning in
                Warning(code: warning.code, detail: warning.detail.replacingOccurrences(of: "key ", with: "key \(name)."))
            }
            return value
        } catch {
            switch error {
            case .missing(let key, let expected): throw .missing(key: "\(name).\(key)", expected: expected)
            case .invalid(let key, let expected, let found): throw .invalid(key: "\(name).\(key)", expected: expected, found: found)
            case .notJSON: throw error
            }
        }
    }

    /// A whole number that must be there.
    private static func number(_ key: String, _ reader: inout ConfigurationReader) throws(ConfigurationError) -> Int {
        guard let number = try reader.integer(key, in: 1...16384) else {
            throw .missing(key: key, expected: "a whole number from 1 to 16384")
        }
        return number
    }

    private static func unet(_ reader: inout ConfigurationReader, _ document: JSON) throws(ConfigurationError) -> (
        channels: Int, unet: JSON
    ) {
        _ = try reader.word("type", oneOf: ["simple"], default: "simple")
        guard try reader.bool("resamp_with_conv", default: true) else {
            throw .invalid(key: "resamp_with_conv", expected: "true", found: "false")
        }
        let base = try number("ch", &reader)
        let factors = try reader.list("ch_mult", maximumCount: 10, of: "a whole number from 1 to 128", default: [Int]()) { value in
            value.integer.flatMap { (1...128).contains($0) ? $0 : nil }
        }
        guard let first = factors.first else { throw .missing(key: "ch_mult", expected: "a list of whole numbers") }
        // conv_in has ch channels there, and as many as the first block here.
        guard first == 1 else { throw .invalid(key: "ch_mult[0]", expected: "1", found: "\(first)") }
        let channels = try number("in_channels", &reader)
        guard let side = document["data"]?["image_size"]?.integer, (1...16384).contains(side) else {
            throw .invalid(key: "data.image_size", expected: "a whole number from 1 to 16384", found: "none")
        }
        let resolutions = try attentionResolutions(&reader)
        let attends = factors.indices.map { resolutions.contains(side >> $0) }
        func blocks(_ name: String, _ attends: [Bool]) -> JSON { .array(attends.map { .string($0 ? "Attn\(name)" : name) }) }
        let unet: JSON = [
            "_class_name": "UNet2DModel", "act_fn": "silu", "attention_head_dim": nil,
            "block_out_channels": .integers(factors.map { $0 * base }), "center_input_sample": false,
            "down_block_types": blocks("DownBlock2D", attends), "downsample_padding": 0,
            "dropout": .double(try reader.number("dropout", in: 0...1, default: 0)), "flip_sin_to_cos": false, "freq_shift": 1,
            "in_channels": .integer(channels), "layers_per_block": .integer(try number("num_res_blocks", &reader)),
            "mid_block_scale_factor": 1, "norm_eps": .double(1e-6), "norm_num_groups": 32,
            "out_channels": .integer(try number("out_ch", &reader)), "sample_size": .integer(side), "time_embedding_type": "positional",
            "up_block_types": blocks("UpBlock2D", attends.reversed()),
        ]
        // How it was trained, or read elsewhere.
        for key in ["var_type", "ema", "ema_rate"] { _ = reader.value(key) }
        return (channels, unet)
    }

    private static func attentionResolutions(_ reader: inout ConfigurationReader) throws(ConfigurationError) -> [Int] {
        if reader.value("attn_resolutions") == .array([]) { return [] }
        return try reader.list("attn_resolutions", maximumCount: 16, of: "a whole number from 1 to 16384", default: []) { value in
            value.integer.flatMap { (1...16384).contains($0) ? $0 : nil }
        }
    }

    /// Pictures here are scaled to [-1, 1] and have the model's channels; a model that was trained on others would see noise.
    private static func checkData(_ reader: inout ConfigurationReader, channels: Int) throws(ConfigurationError) {
        for key in ["image_size", "dataset", "category", "random_flip", "num_workers", "uniform_dequantization", "gaussian_dequantization"]
        {
            _ = reader.value(key)
        }
        guard try reader.bool("rescaled", default: true) else { throw .invalid(key: "rescaled", expected: "true", found: "false") }
        guard try !reader.bool("logit_transform", default: false) else {
            throw .invalid(key: "logit_transform", expected: "false", found: "true")
        }
        let found = try reader.integer("channels", in: 1...16384, default: channels)
        guard found == channels else { throw .invalid(key: "channels", expected: "model.in_channels (\(channels))", found: "\(found)") }
    }

    /// `model.var_type` by diffusers' name.
    private static func variance(_ document: JSON) throws(ConfigurationError) -> String {
        let names = ["fixedlarge": "fixed_large", "fixedsmall": "fixed_small"]
        guard case .string(let word)? = document["model"]?["var_type"], let name = names[word] else {
            let found = document["model"]?["var_type"].map(ConfigurationReader.shown) ?? "absent"
            throw .invalid(key: "model.var_type", expected: "\"fixedlarge\" or \"fixedsmall\"", found: found)
        }
        return name
    }

    private static func scheduler(_ reader: inout ConfigurationReader, _ variance: String) throws(ConfigurationError) -> JSON {
        let word = try reader.word("beta_schedule", oneOf: ["linear", "quad", "const"], default: "linear")
        let end = try reader.number("beta_end", in: 0...1, default: 0.02)
        let start = try reader.number("beta_start", in: 0...1, default: 0.0001)
        return [
            "_class_name": "DDPMScheduler", "beta_end": .double(end), "beta_schedule": word == "quad" ? "scaled_linear" : "linear",
            // A constant is the line from itself to itself.
            "beta_start": .double(word == "const" ? end : start), "clip_sample": true,
            "num_train_timesteps": .integer(try reader.integer("num_diffusion_timesteps", in: 1...100_000, default: 1000)),
            "prediction_type": "epsilon", "variance_type": .string(variance),
        ]
    }
}
