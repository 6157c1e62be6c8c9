import Documents
import Engine
import Foundation
import Testing

/// Configurations of the DDIM code base as diffusers' own.
@Suite struct DDIMConfigurationTests {
    private static let document: JSON = [
        "data": ["image_size": 32, "channels": 3, "rescaled": true, "dataset": "CIFAR10"],
        "model": [
            "type": "simple", "in_channels": 3, "out_ch": 3, "ch": 128, "ch_mult": [1, 2, 2, 2], "num_res_blocks": 2,
            "attn_resolutions": [16],
            "dropout": .double(0.1), "var_type": "fixedlarge", "ema_rate": .double(0.9999), "ema": true, "resamp_with_conv": true,
        ],
        "diffusion": [
            "beta_schedule": "linear", "beta_start": .double(0.0001), "beta_end": .double(0.02), "num_diffusion_timesteps": 1000,
        ],
        "training": ["batch_size": 128],
    ]

    /// As google/ddpm-cifar10-32 is published, which is a conversion of that code's cifar10 model.
    @Test func theCIFARConfigurationIsThePublishedOne() throws {
        let converted = try DDIMConfiguration(Self.document)
        let unet = try UNet2DConfiguration(json: converted.unet)
        #expect(unet.blockOutChannels == [128, 256, 256, 256])
        #expect(unet.downBlocks == [.plain, .attention, .plain, .plain])
        #expect(unet.upBlocks == [.plain, .plain, .attention, .plain])
        #expect((unet.sampleHeight, unet.inChannels, unet.outChannels, unet.layersPerBlock) == (32, 3, 3, 2))
        #expect((unet.normGroups, unet.normEpsilon, unet.downsamplePadding, unet.attentionHeadDim) == (32, 1e-6, 0, nil))
        #expect((unet.flipSinToCos, unet.freqShift, unet.timeEmbeddingDim) == (false, 1, 512))
        #expect(try UNet2DModel(unet).graph.parameterCount == 35_746_307)
        let schedule = try NoiseSchedule(json: converted.scheduler)
        #expect((schedule.count, schedule.varianceType, schedule.clipRange) == (1000, .fixedLarge, 1))
        #expect(schedule.alphasCumprod == (try NoiseSchedule(json: nil).alphasCumprod))
        #expect(converted.warnings == [] && unet.warnings == [] && schedule.warnings == [])
    }

    @Test func schedulesAreMappedWhereDiffusersHasThem() throws {
        func schedule(_ changes: [String: JSON], model: [String: JSON] = [:]) throws -> JSON {
            let diffusion = try #require(Self.document["diffusion"]).replacing(changes)
            let converted = try DDIMConfiguration(
                Self.document.replacing(["diffusion": diffusion, "model": try #require(Self.document["model"]).replacing(model)]))
            return try JSON(parsing: converted.scheduler)
        }
        #expect(try schedule(["beta_schedule": "quad"])["beta_schedule"] == "scaled_linear")
        #expect(try schedule(["beta_schedule": "const"])["beta_start"] == .double(0.02))
        #expect(try schedule([:], model: ["var_type": "fixedsmall"])["variance_type"] == "fixed_small")
        for word: JSON in ["jsd", "sigmoid"] {
            #expect(throws: ConfigurationError.self) { try schedule(["beta_schedule": word]) }
        }
    }

    @Test(
        arguments: [
            ("model", "var_type", "learned"), ("model", "type", "bayesian"), ("model", "resamp_with_conv", false),
            ("model", "ch_mult", [2, 2]),
            ("model", "ch", 0), ("model", "ch", nil), ("model", "attn_resolutions", 16), ("model", "num_res_blocks", nil),
            ("data", "rescaled", false),
            ("data", "logit_transform", true), ("data", "image_size", nil), ("data", "channels", 1),
            ("diffusion", "num_diffusion_timesteps", 0),
        ] as [(String, String, JSON)])
    func whatCannotBeConvertedIsRefusedByKey(section: String, key: String, value: JSON) throws {
        let changed = Self.document.replacing([section: try #require(Self.document[section]).replacing([key: value])])
        do {
            _ = try DDIMConfiguration(changed)
            Issue.record("\(section).\(key) was accepted")
        } catch {
            #expect("\(error)".contains("\(section).\(key)"), "\(error)")
        }
    }

    @Test func unknownKeysAreAWarningAndMissingSectionsAreNamed() throws {
        let model = try #require(Self.document["model"]).replacing(["colour": "red"])
        #expect(
            try DDIMConfiguration(Self.document.replacing(["model": model])).warnings.map(\.detail) == [
                "unknown configuration key model.colour is ignored"
            ])
        #expect(throws: ConfigurationError.missing(key: "model", expected: "a section, as the DDIM code's configurations have")) {
            try DDIMConfiguration(["data": [:]])
        }
        #expect(throws: ConfigurationError.self) { try DDIMConfiguration("model") }
    }
}
