/// The parameter names of the DDIM code base (ermongroup/ddim, `models/diffusion.py`; Diff-Pruning's own experiments use it too), and
/// diffusers' names for the same tensors of the same function.
enum DDIMNames {
    /// A module's former and present name: `#` is a number that stays, `~` a level, which that code counts from the highest resolution and
    /// diffusers' up blocks from the lowest.
    private static let modules = [
        ("conv_in", "conv_in"), ("norm_out", "conv_norm_out"), ("conv_out", "conv_out"),
        ("temb.dense.0", "time_embedding.linear_1"), ("temb.dense.1", "time_embedding.linear_2"),
        ("down.#.block.#", "down_blocks.#.resnets.#"), ("down.#.attn.#", "down_blocks.#.attentions.#"),
        ("down.#.downsample.conv", "down_blocks.#.downsamplers.0.conv"),
        ("mid.block_1", "mid_block.resnets.0"), ("mid.attn_1", "mid_block.attentions.0"), ("mid.block_2", "mid_block.resnets.1"),
        ("up.~.block.#", "up_blocks.~.resnets.#"), ("up.~.attn.#", "up_blocks.~.attentions.#"),
        ("up.~.upsample.conv", "up_blocks.~.upsamplers.0.conv"),
    ].map { ($0.split(separator: "."), $1.split(separator: ".")) }

    /// Layers of a residual or attention block; those not named here kept their names.
    private static let layers: [Substring: Substring] = [
        "temb_proj": "time_emb_proj", "nin_shortcut": "conv_shortcut", "norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v",
        "proj_out": "to_out.0",
    ]

    /// Whether tensors of these names are that code's.
    static func are(_ names: some Sequence<String>) -> Bool { names.contains("temb.dense.0.weight") }

    /// diffusers' name of a parameter; the same name where that code has none like it.
    static func today(_ name: String, levels: Int) -> String {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        for (former, present) in modules {
            guard let numbers = numbers(parts, matching: former) else { continue }
            var left = numbers[...]
            var result: [Substring] = []
            for part in present {
                guard part == "#" || part == "~" else {
                    result.append(part)
                    continue
                }
                guard let number = left.popFirst() else { return name }
                guard part == "#" || number < levels else { return name }
                result.append(Substring(String(part == "~" ? levels - 1 - number : number)))
            }
            let rest = parts.dropFirst(former.count)
            return (result + rest.map { layers[$0] ?? $0 }).joined(separator: ".")
        }
        return name
    }

    /// The numbers in a name that begins as `pattern` says; nil when it does not.
    private static func numbers(_ parts: [Substring], matching pattern: [Substring]) -> [Int]? {
        guard parts.count > pattern.count else { return nil }
        var numbers: [Int] = []
        for (part, expected) in zip(parts, pattern) {
            if expected == "#" || expected == "~" {
                // Digits only: "+1" and "01" would be second names for the same tensor.
                guard let number = Int(part), number >= 0, String(number) == part else { return nil }
                numbers.append(number)
            } else if part != expected {
                return nil
            }
        }
        return numbers
    }

    /// Refuses a diffusers configuration that asks for another function than that code computes for its weights.
    static func check(_ configuration: UNet2DConfiguration) throws(ConfigurationError) {
        let fixed: [(key: String, expected: String, found: String)] = [
            ("flip_sin_to_cos", "false", "\(configuration.flipSinToCos)"),
            ("freq_shift", "1.0", "\(configuration.freqShift)"),
            ("norm_eps", "1e-06", "\(configuration.normEpsilon)"),
            ("attention_head_dim", "null", configuration.attentionHeadDim.map { "\($0)" } ?? "null"),
            ("downsample_padding", "0", "\(configuration.downsamplePadding)"),
            ("mid_block_scale_factor", "1.0", "\(configuration.midBlockScaleFactor)"),
            ("resnet_time_scale_shift", "default", configuration.scaleShift ? "scale_shift" : "default"),
            ("time_embedding_type", "positional", configuration.timeEmbedding == .positional ? "positional" : "another"),
            ("act_fn", "silu", configuration.activation.rawValue),
            ("center_input_sample", "false", "\(configuration.centersSample)"),
        ]
        for entry in fixed where entry.expected != entry.found {
            throw .invalid(
                key: entry.key, expected: "\(entry.expected), as the DDIM code that the weights are named after computes it",
                found: entry.found)
        }
    }
}
