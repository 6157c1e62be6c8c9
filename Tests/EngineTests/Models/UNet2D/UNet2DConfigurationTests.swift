import Documents
import Engine
import Foundation
import Testing

struct UNet2DConfigurationTests {
    /// google/ddpm-cifar10-32's config.json as published, with some keys changed or added.
    private func cifar(_ changes: [String: JSON] = [:]) throws -> Data {
        let published = """
            {"_class_name": "UNet2DModel", "_diffusers_version": "0.0.4", "act_fn": "silu", "attention_head_dim": null,
             "block_out_channels": [128, 256, 256, 256], "center_input_sample": false,
             "down_block_types": ["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"], "downsample_padding": 0,
             "flip_sin_to_cos": false, "freq_shift": 1, "in_channels": 3, "layers_per_block": 2, "mid_block_scale_factor": 1,
             "norm_eps": 1e-06, "norm_num_groups": 32, "out_channels": 3, "sample_size": 32, "time_embedding_type": "positional",
             "up_block_types": ["UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"]}
            """
        return Data(try JSON(parsing: published.utf8).replacing(changes).compact.utf8)
    }

    @Test func readsThePublishedCifarModel() throws {
        let configuration = try UNet2DConfiguration(json: cifar())
        #expect(configuration.sampleHeight == 32 && configuration.sampleWidth == 32)
        #expect(configuration.blockOutChannels == [128, 256, 256, 256])
        #expect(configuration.downBlocks == [.plain, .attention, .plain, .plain])
        #expect(configuration.upBlocks == [.plain, .plain, .attention, .plain])
        #expect(configuration.attentionHeadDim == nil)
        #expect(configuration.midBlockHasAttention)
        #expect(configuration.midAttentionNormGroups == 32)
        #expect(configuration.downsamplePadding == 0)
        #expect(configuration.normEpsilon == 1e-6)
        #expect(configuration.freqShift == 1 && !configuration.flipSinToCos)
        #expect(configuration.timeEmbeddingDim == 512)
        #expect(configuration.timeEmbedding == .positional && configuration.classEmbedding == nil && configuration.hasMidBlock)
        #expect(configuration.warnings.isEmpty && !configuration.freeWidths)
    }

    @Test func absentKeysTakeDiffusersDefaults() throws {
        let configuration = try UNet2DConfiguration(json: Data(#"{"sample_size": [16, 32]}"#.utf8))
        #expect(configuration.sampleHeight == 16 && configuration.sampleWidth == 32)
        #expect(configuration.blockOutChannels == [224, 448, 672, 896])
        #expect(configuration.downBlocks == [.plain, .attention, .attention, .attention])
        #expect(configuration.upBlocks == [.attention, .attention, .attention, .plain])
        #expect(configuration.attentionHeadDim == 8)
        #expect(configuration.flipSinToCos && configuration.freqShift == 0)
        #expect(configuration.normEpsilon == 1e-5 && configuration.downsamplePadding == 1)
        #expect(configuration.timeEmbeddingDim == 896)
    }

    @Test func writingBackChangesOnlyWhatWasAsked() throws {
        let configuration = try UNet2DConfiguration(json: cifar(["custom_note": .string("kept")]))
        #expect(configuration.warnings == [Warning(.unknownKey, "unknown configuration key custom_note is ignored")])
        let written = configuration.json(replacing: [
            "block_out_channels": .integers([96, 192, 192, 192]), "time_embedding_dim": .integer(512),
            "time_embedding_type": .string("learned"), "num_train_timesteps": .integer(1000), "pruned_widths": .string("free"),
        ])
        let again = try UNet2DConfiguration(json: written)
        #expect(again.blockOutChannels == [96, 192, 192, 192])
        #expect(again.timeEmbeddingDim == 512 && again.timeEmbedding == .learned(steps: 1000) && again.freeWidths)
        let document = try JSON(parsing: written)
        #expect(document["norm_eps"] == .number("1e-06"))
        #expect(document["custom_note"] == .string("kept"))
        #expect(document["_diffusers_version"] == .string("0.0.4"))
    }

    @Test func keysThatNoBlockReadsMaySayAnything() throws {
        let plain = JSON.array(Array(repeating: .string("DownBlock2D"), count: 4))
        let configuration = try UNet2DConfiguration(json: cifar(["down_block_types": plain, "downsample_type": .string("pool")]))
        #expect(!configuration.downsamplesByResnet && configuration.warnings.isEmpty)
    }

    @Test func aListForAddAttentionIsReadAsPythonReadsIt() throws {
        for (list, expected) in [(JSON.array([.bool(false)]), true), (.array([]), false)] {
            let configuration = try UNet2DConfiguration(json: cifar(["add_attention": list]))
            #expect(configuration.midBlockHasAttention == expected)
            #expect(configuration.warnings.count == 1 && configuration.warnings[0].detail.hasPrefix("add_attention is a list"))
        }
    }

    @Test func activationsAreReadInAnyCase() throws {
        for (word, function) in [("SiLU", ActivationFunction.silu), ("swish", .silu), ("GELU", .gelu), ("mish", .mish), ("ReLU", .relu)] {
            #expect(try UNet2DConfiguration(json: cifar(["act_fn": .string(word)])).activation == function)
        }
    }

    @Test func picturesAreHalvedAndDoubledInSkipBlocksAlone() throws {
        func blocks(_ names: [String]) -> JSON { .array(names.map(JSON.string)) }
        let downs = blocks(["DownBlock2D", "SkipDownBlock2D", "DownBlock2D", "DownBlock2D"])
        let ups = blocks(["UpBlock2D", "SkipUpBlock2D", "UpBlock2D", "SkipUpBlock2D"])
        for (key, value, blamed) in [("down_block_types", downs, "down_block_types[1]"), ("up_block_types", ups, "up_block_types[2]")] {
            #expect {
                try UNet2DConfiguration(json: cifar([key: value]))
            } throws: { error in
                if case .invalid(let key, _, _) = error as? ConfigurationError { key == blamed } else { false }
            }
        }
        // The last block has none, whatever its kind.
        let last = blocks(["SkipDownBlock2D", "DownBlock2D", "DownBlock2D", "SkipDownBlock2D"])
        _ = try UNet2DConfiguration(json: cifar(["down_block_types": last]))
    }

    @Test func skipBlocksTakePicturesOfThreeChannels() throws {
        let skips: [String: JSON] = [
            "down_block_types": .array(Array(repeating: .string("SkipDownBlock2D"), count: 4)),
            "up_block_types": .array(Array(repeating: .string("SkipUpBlock2D"), count: 4)), "norm_num_groups": .null,
        ]
        let configuration = try UNet2DConfiguration(json: cifar(skips))
        #expect(configuration.normGroups == nil && configuration.midNormGroups == 32 && configuration.lastNormGroups == 32)
        for key in ["in_channels", "out_channels"] {
            #expect(throws: ConfigurationError.invalid(key: key, expected: "3, as there are skip blocks", found: "1")) {
                try UNet2DConfiguration(json: cifar(skips.merging([key: .integer(1)]) { $1 }))
            }
        }
    }

    @Test func scaleShiftLeavesTheMidAttentionWithoutNorm() throws {
        let plain = try UNet2DConfiguration(json: cifar(["resnet_time_scale_shift": .string("scale_shift")]))
        #expect(plain.scaleShift && plain.midAttentionNormGroups == nil)
        let explicit = try UNet2DConfiguration(
            json: cifar(["resnet_time_scale_shift": .string("scale_shift"), "attn_norm_num_groups": .integer(16)]))
        #expect(explicit.midAttentionNormGroups == 16)
    }

    @Test(arguments: [
        ("_class_name", JSON.string("UNet2DConditionModel"), "_class_name"),
        ("act_fn", .string("tanh"), "act_fn"), ("act_fn", .string("quick_gelu"), "act_fn"),
        ("add_attention", .string("yes"), "add_attention"),
        ("attention_head_dim", .integer(0), "attention_head_dim"),
        ("attention_head_dim", .integer(512), "attention_head_dim"),
        ("attn_norm_num_groups", .integer(7), "attn_norm_num_groups"),
        ("block_out_channels", .integers([100, 256, 256, 256]), "block_out_channels[0]"),
        ("block_out_channels", .integers([128, 256, 256]), "down_block_types"),
        ("block_out_channels", .integers([]), "block_out_channels"),
        ("block_out_channels", .integers([16416, 256, 256, 256]), "block_out_channels[0]"),
        ("block_out_channels", .integers(Array(repeating: 32, count: 11)), "block_out_channels"),
        ("block_out_channels", .number("128"), "block_out_channels"),
        ("center_input_sample", .integer(1), "center_input_sample"),
        ("class_embed_type", .string("projection"), "class_embed_type"),
        ("num_class_embeds", .integer(0), "num_class_embeds"),
        ("down_block_types", .array(Array(repeating: .string("AttnDwonBlock2D"), count: 4)), "down_block_types[0]"),
        ("up_block_types", .array([.string("UpBlock2D")]), "up_block_types"),
        ("mid_block_type", .string("UNetMidBlock2DCrossAttn"), "mid_block_type"),
        ("downsample_padding", .integer(2), "downsample_padding"),
        ("downsample_type", .string("pool"), "downsample_type"),
        ("upsample_type", .string("pool"), "upsample_type"),
        ("dropout", .string("0.1"), "dropout"),
        ("flip_sin_to_cos", .integer(1), "flip_sin_to_cos"),
        ("freq_shift", .integer(64), "freq_shift"),
        ("in_channels", .null, "in_channels"),
        ("in_channels", .number("1e300"), "in_channels"),
        ("in_channels", .number("3.5"), "in_channels"),
        ("layers_per_block", .integer(-1), "layers_per_block"),
        ("mid_block_scale_factor", .number("1e999"), "mid_block_scale_factor"),
        ("mid_block_scale_factor", .integer(0), "mid_block_scale_factor"),
        ("norm_eps", .integer(-1), "norm_eps"),
        ("norm_num_groups", .integer(0), "norm_num_groups"),
        ("norm_num_groups", .null, "norm_num_groups"),
        ("pruned_widths", .string("other"), "pruned_widths"),
        ("resnet_time_scale_shift", .string("spatial"), "resnet_time_scale_shift"),
        ("sample_size", .integer(36), "sample_size"),
        ("sample_size", .integers([32, 32, 32]), "sample_size"),
        ("sample_size", .null, "sample_size"),
        ("sample_size", .integer(16384), "sample_size"),
        ("time_embedding_type", .string("gaussian"), "time_embedding_type"),
        ("time_embedding_type", .string("learned"), "num_train_timesteps"),
    ])
    func whatIsNotSupportedIsRefusedByKey(key: String, value: JSON, blamed: String) throws {
        do {
            _ = try UNet2DConfiguration(json: cifar([key: value]))
            Issue.record("\(key) = \(value.compact) was accepted")
        } catch let error as ConfigurationError {
            switch error {
            case .missing(let key, _), .invalid(let key, _, _): #expect(key == blamed)
            case .notJSON(let trouble): Issue.record("\(trouble)")
            }
        }
    }

    @Test(arguments: ["", "[]", "{", "{\"a\": 1, \"a\": 2}", "{} x", "{\"a\": NaN}", "{\"a\": 01}", "{\"a\": \"\\ud800\"}", "null"])
    func whatIsNoObjectIsRefused(text: String) {
        #expect {
            try UNet2DConfiguration(json: Data(text.utf8))
        } throws: { error in
            if case .notJSON = error as? ConfigurationError { true } else { false }
        }
    }
}
