import Documents
import Engine
import Foundation
import Testing

@Suite struct AutoencoderConfigurationTests {
    /// Stable Diffusion's vae/config.json as published, with some keys changed or added.
    private func stable(_ changes: [String: JSON] = [:]) throws -> Data {
        let published = """
            {"_class_name": "AutoencoderKL", "_diffusers_version": "0.2.2", "act_fn": "silu", "block_out_channels": [128, 256, 512, 512],
             "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
             "in_channels": 3, "latent_channels": 4, "layers_per_block": 2, "out_channels": 3, "sample_size": 512,
             "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"]}
            """
        return Data(try JSON(parsing: published.utf8).replacing(changes).compact.utf8)
    }

    /// Kandinsky's in its keys, of three levels.
    private func movq(_ changes: [String: JSON] = [:]) throws -> Data {
        let config = """
            {"_class_name": "VQModel", "block_out_channels": [64, 128, 128], "layers_per_block": 2, "latent_channels": 4, "vq_embed_dim": 4,
             "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D", "AttnDownEncoderBlock2D"],
             "up_block_types": ["AttnUpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"], "num_vq_embeddings": 16384,
             "norm_type": "spatial"}
            """
        return Data(try JSON(parsing: config.utf8).replacing(changes).compact.utf8)
    }

    @Test func readsStableDiffusions() throws {
        let configuration = try AutoencoderConfiguration(json: stable())
        #expect(configuration.kind == .distribution && configuration.className == "AutoencoderKL")
        #expect(configuration.blockOutChannels == [128, 256, 512, 512] && configuration.scaleFactor == 8)
        #expect(configuration.downAttention == [false, false, false, false] && configuration.midBlockHasAttention)
        #expect(configuration.latentChannels == 4 && configuration.momentChannels == 8)
        #expect(configuration.hasQuantConvolution && configuration.hasPostQuantConvolution && !configuration.hasSpatialNorms)
        #expect(configuration.normGroups == 32 && configuration.activation == .silu)
        #expect(configuration.scaling.factors == Array(repeating: 0.18215, count: 4))
        #expect(configuration.scaling.shifts == Array(repeating: 0, count: 4))
        #expect(configuration.warnings.isEmpty)
    }

    @Test func readsOneWithATable() throws {
        let configuration = try AutoencoderConfiguration(json: movq(["use_quant_conv": .bool(false)]))
        #expect(configuration.kind == .codebook(rows: 16384) && configuration.className == "VQModel")
        #expect(configuration.upAttention == [true, false, false] && configuration.hasSpatialNorms)
        #expect(configuration.latentChannels == 4 && configuration.momentChannels == 4)
        #expect(configuration.warnings == [Warning(.unknownKey, "unknown configuration key use_quant_conv is ignored")])
    }

    @Test func absentKeysTakeDiffusersDefaults() throws {
        let distribution = try AutoencoderConfiguration(json: Data(#"{"_class_name": "AutoencoderKL"}"#.utf8))
        #expect(distribution.blockOutChannels == [64] && distribution.layersPerBlock == 1 && distribution.latentChannels == 4)
        let table = try AutoencoderConfiguration(json: Data(#"{"_class_name": "VQModel", "vq_embed_dim": null}"#.utf8))
        #expect(table.kind == .codebook(rows: 256) && table.latentChannels == 3 && table.innerChannels == 3)
    }

    @Test func latentsAreScaledAsPipelinesScaleThem() throws {
        let shifted = try AutoencoderConfiguration(json: stable(["scaling_factor": .double(0.5), "shift_factor": .double(0.25)]))
        #expect(shifted.scaling.shifts == [0.25, 0.25, 0.25, 0.25] && shifted.scaling.factors == [0.5, 0.5, 0.5, 0.5])
        let means = try AutoencoderConfiguration(
            json: stable([
                "latents_mean": .integers([1, 2, 3, 4]), "latents_std": .integers([2, 2, 4, 4]), "scaling_factor": .double(0.5),
            ]))
        #expect(means.scaling.shifts == [1, 2, 3, 4] && means.scaling.factors == [0.25, 0.25, 0.125, 0.125])
    }

    private static let wrong: [(key: String, value: JSON, blamed: String)] = [
        ("_class_name", .string("AutoencoderTiny"), "_class_name"),
        ("_class_name", .null, "_class_name"),
        ("act_fn", .string("tanh"), "act_fn"),
        ("block_out_channels", .integers([128, 256, 512]), "down_block_types"),
        ("block_out_channels", .integers([128, 250, 512, 512]), "block_out_channels[1]"),
        ("block_out_channels", .integers([]), "block_out_channels"),
        ("block_out_channels", .integers([16416, 256, 512, 512]), "block_out_channels[0]"),
        ("block_out_channels", .integers(Array(repeating: 32, count: 11)), "block_out_channels"),
        ("block_out_channels", .null, "block_out_channels"),
        ("down_block_types", .array(Array(repeating: .string("DownBlock2D"), count: 4)), "down_block_types[0]"),
        ("up_block_types", .array([.string("UpDecoderBlock2D")]), "up_block_types"),
        ("up_block_types", .array(Array(repeating: .string("DownEncoderBlock2D"), count: 4)), "up_block_types[0]"),
        ("force_upcast", .integer(1), "force_upcast"),
        ("in_channels", .integer(0), "in_channels"),
        ("in_channels", .number("1e300"), "in_channels"),
        ("out_channels", .null, "out_channels"),
        ("latent_channels", .number("3.5"), "latent_channels"),
        ("latents_mean", .integers([1, 2, 3, 4]), "latents_mean"),
        ("latents_std", .integers([1, 2, 3, 4]), "latents_std"),
        ("latents_mean", .string("0"), "latents_mean"),
        ("layers_per_block", .integer(65), "layers_per_block"),
        ("mid_block_add_attention", .array([.bool(true)]), "mid_block_add_attention"),
        ("norm_num_groups", .null, "norm_num_groups"),
        ("norm_num_groups", .integer(0), "norm_num_groups"),
        ("norm_num_groups", .integer(48), "block_out_channels[0]"),
        ("sample_size", .integer(-1), "sample_size"),
        ("sample_size", .integers([512, 512, 512]), "sample_size"),
        ("sample_size", .array([]), "sample_size"),
        ("scaling_factor", .integer(0), "scaling_factor"),
        ("scaling_factor", .number("1e999"), "scaling_factor"),
        ("shift_factor", .string("0"), "shift_factor"),
        ("use_quant_conv", .string("false"), "use_quant_conv"),
        ("use_post_quant_conv", .null, "use_post_quant_conv"),
    ]

    private static let wrongTables: [(key: String, value: JSON, blamed: String)] = [
        ("block_out_channels", .integers([64, 144, 128]), "block_out_channels[1]"),
        ("lookup_from_codebook", .integer(1), "lookup_from_codebook"),
        ("norm_type", .string("layer"), "norm_type"),
        ("num_vq_embeddings", .integer(0), "num_vq_embeddings"),
        ("num_vq_embeddings", .integer(1 << 21), "num_vq_embeddings"),
        ("vq_embed_dim", .integer(3), "vq_embed_dim"),
        ("vq_embed_dim", .integer(0), "vq_embed_dim"),
    ]

    private func blamed(_ json: Data) -> String? {
        do {
            _ = try AutoencoderConfiguration(json: json)
            return nil
        } catch {
            switch error {
            case .missing(let key, _), .invalid(let key, _, _): return key
            case .notJSON(let trouble): return trouble
            }
        }
    }

    @Test func whatIsNotSupportedIsRefusedByKey() throws {
        for (key, value, expected) in Self.wrong { #expect(blamed(try stable([key: value])) == expected, "\(key) = \(value.compact)") }
        for (key, value, expected) in Self.wrongTables {
            let changes = key == "block_out_channels" ? [key: value, "norm_num_groups": .integer(16)] : [key: value]
            #expect(blamed(try movq(changes)) == expected, "\(key) = \(value.compact)")
        }
        let means: [String: JSON] = ["latents_mean": .integers([1, 2, 3, 4]), "latents_std": .integers([1, 2, 3, 4])]
        #expect(blamed(try stable(means.merging(["shift_factor": .integer(1)]) { $1 })) == "shift_factor")
        #expect(blamed(try stable(means.merging(["latents_std": .integers([1, 2, 0, 4])]) { $1 })) == "latents_std[2]")
        #expect(blamed(try stable(means.merging(["latents_mean": .integers([1, 2, 3])]) { $1 })) == "latents_mean")
    }

    @Test(arguments: ["", "[]", "{", "{\"a\": 1, \"a\": 2}", "null"])
    func whatIsNoObjectIsRefused(text: String) {
        #expect {
            try AutoencoderConfiguration(json: Data(text.utf8))
        } throws: { error in
            if case .notJSON = error as? ConfigurationError { true } else { false }
        }
    }
}
