import Documents
import Engine
import Foundation
import Testing

/// Files of CompVis's code base by their tensors' names and shapes.
@Suite struct CompVisFileTests {
    private typealias Published = ShapesAlone.Published

    private func json(_ data: Data) throws -> JSON { try JSON(parsing: Array(data)) }

    private func file(
        _ source: ShapesAlone, _ yaml: JSON? = nil, takesAverages: Bool = true
    ) throws -> CompVisFile {
        try CompVisFile(
            source.opened(), path: "model.ckpt", configuration: yaml.map { try CompVisConfiguration($0) }, yaml: "config.yaml",
            takesAverages: takesAverages)
    }

    /// The graph of what was found, which refuses every tensor that is not its own.
    private func network(_ file: CompVisFile) throws -> any Architecture {
        try UploadedWeights(config: file.unet.config, weights: file.unet.weights, scheduler: file.scheduler).model
    }

    @Test(arguments: ["sd1", "sd2", "class", "faces"], [true, false])
    func publishedNetworksAreToldByTheirTensorsAndByTheirYAML(name: String, hasYAML: Bool) throws {
        let published = try Published(name)
        let file = try file(published.source, hasYAML ? .some(published.yaml) : .none)
        #expect(try network(file).graph.parameterCount == published.parameters)
        #expect(file.notes.contains { $0.code == "assumed_settings" } == !hasYAML, "\(file.notes)")

        let unet = try json(file.unet.config)
        let heads: [String: JSON] = ["sd1": 8, "sd2": [5, 10, 20, 20], "class": 1, "faces": 32]
        #expect(unet["attention_head_dim"] == heads[name])
        #expect(unet["_class_name"] == (name == "faces" ? "UNet2DModel" : "UNet2DConditionModel"))
        #expect(unet["norm_eps"]?.double == 1e-5 && unet["flip_sin_to_cos"] == true && unet["freq_shift"] == 0)
        // Nothing but its YAML says that the weights for 768 pixels are others than those for 512.
        #expect(unet["sample_size"]?.integer == (name == "sd2" && !hasYAML ? 96 : 64))
        let scheduler = try json(file.scheduler)
        let isStable = name.hasPrefix("sd")
        #expect(scheduler["beta_start"]?.double == (isStable ? 0.00085 : 0.0015))
        #expect(scheduler["beta_end"]?.double == (isStable ? 0.012 : 0.0195))
        #expect(scheduler["beta_schedule"] == "scaled_linear" && scheduler["steps_offset"] == 1)
        #expect(scheduler["clip_sample"] == false && scheduler["set_alpha_to_one"] == false)
        #expect(scheduler["prediction_type"] == (name == "sd2" ? "v_prediction" : "epsilon"))
    }

    @Test(
        arguments: [
            ("sd1", ["vae", "text_encoder"]), ("sd2", ["vae", "text_encoder"]), ("class", ["vqvae", "class_embedder"]),
            ("faces", ["vqvae"]),
        ])
    func whatIsBesideTheNetworkHasItsFolder(name: String, folders: [String]) throws {
        let published = try Published(name)
        let file = try file(published.source, published.yaml)
        #expect(file.components.map(\.folder) == folders)
        let autoencoder = try json(file.components[0].config)
        #expect(autoencoder["_class_name"] == (name.hasPrefix("sd") ? "AutoencoderKL" : "VQModel"))
        #expect(autoencoder["scaling_factor"]?.double == (name.hasPrefix("sd") ? 0.18215 : 1))
        _ = try Autoencoder(config: file.components[0].config, weights: file.components[0].weights, halves: [])
        let index = try json(try #require(file.index(scheduler: "DDIMScheduler", hasTokenizer: false)))
        let names: [String: JSON] = [
            "class": ["pipeline", "ClassConditionalLDMPipeline"], "faces": "LDMPipeline",
        ]
        #expect(index["_class_name"] == names[name] ?? "StableDiffusionPipeline")
        #expect(index["tokenizer"] == (name.hasPrefix("sd") ? [nil, nil] : nil))

        let beside = try file.components.dropFirst().first.map { try json($0.config) }
        switch name {
        case "sd1":
            #expect(beside?["num_hidden_layers"] == 12 && beside?["num_attention_heads"] == 12 && beside?["hidden_act"] == "quick_gelu")
        case "sd2":
            // One less than the file has.
            #expect(beside?["num_hidden_layers"] == 23 && beside?["num_attention_heads"] == 16 && beside?["hidden_act"] == "gelu")
            #expect(file.paddingToken == "!")
        case "class": #expect(beside == ["_class_name": "ClassEmbedder", "n_classes": 1001, "embed_dim": 512])
        default: #expect(beside == nil)
        }
    }

    @Test func aFilesOwnBetasAndScaleCountWhereThereIsNoYAML() throws {
        let published = try Published("faces")
        var source = published.source.changed(["scale_factor": []])
        source.numbers["scale_factor"] = [0.5]
        source.numbers["betas"] = (0..<1000).map { step in
            let root = 0.0009.squareRoot() + (0.01.squareRoot() - 0.0009.squareRoot()) * Double(step) / 999
            return Float(root * root)
        }
        let file = try file(source)
        let scheduler = try json(file.scheduler)
        #expect(scheduler["beta_start"]?.double == 0.0009 && scheduler["beta_end"]?.double == 0.01)
        #expect(try json(file.components[0].config)["scaling_factor"]?.double == 0.5)
        #expect(!file.notes.contains { $0.detail.contains("betas") }, "\(file.notes)")
    }

    @Test func headsThatNothingTellsAreAskedFor() throws {
        let source = try Published("class").source
        let told = source.shapes.filter { $0.key.hasSuffix("attn2.to_k.weight") || $0.key.hasSuffix("attn2.to_v.weight") }
        let changes = told.mapValues { Optional([$0[0], 500]) }
        #expect {
            try file(source.changed(changes))
        } throws: { "\($0)".contains("num_head_channels") && "\($0)".contains("YAML") && "\($0)".hasPrefix("model.ckpt: ") }
    }

    @Test(
        arguments: [
            ("model.diffusion_model.input_blocks.1.0.in_layers.2.weight", nil),
            ("model.diffusion_model.output_blocks.4.1.norm.bias", nil),
            ("model.diffusion_model.middle_block.1.transformer_blocks.0.ff.net.2.bias", [7]),
            ("model.diffusion_model.input_blocks.4.0.extra.weight", [7]), ("model.diffusion_model.time_embed.3.weight", [7]),
            ("first_stage_model.decoder.mid.block_1.conv1.weight", nil), ("first_stage_model.encoder.down.0.block.0.conv9.weight", [7]),
            ("first_stage_model.decoder.up.3.attn.0.q.weight", [7, 7, 1, 1]),
            ("cond_stage_model.transformer.text_model.encoder.layers.3.mlp.fc2.bias", [7]),
        ] as [(String, [Int]?)])
    func aTensorThatIsNotAsItShouldBeIsNamedAsInTheFile(name: String, shape: [Int]?) throws {
        let source = try Published("sd1").source.changed([name: shape])
        do {
            let file = try file(source)
            do { _ = try network(file) } catch let error as CheckpointError { throw file.inFileNames(error) }
            Issue.record("\(name) of \(shape ?? []) was taken")
        } catch let error as CheckpointError {
            #expect(error.description.contains("tensor \(name) "), "\(error)")
        }
    }

    @Test func averagesComeFirstUnlessTheyAreNotWanted() throws {
        let published = try Published("faces")
        let own = published.source.shapes.filter { $0.key.hasPrefix("model.diffusion_model.") }.sorted { $0.key < $1.key }
        // As that code names them; two layers have none.
        let averages = Dictionary(
            uniqueKeysWithValues: own.dropFirst(2).map {
                ("model_ema.diffusion_model" + $0.key.dropFirst(22).replacing(".", with: ""), $0.value)
            })
        let source = published.source.changed(averages.mapValues { $0 }).changed(["model_ema.decay": [], "model_ema.num_updates": []])
        let file = try file(source, published.yaml)
        _ = try network(file)
        let note = try #require(file.notes.first).detail
        #expect(note.contains("\(own.count - 2) tensors") && note.contains("2 tensors") && note.contains("variant=non_ema"), "\(note)")
        #expect(try self.file(source, published.yaml, takesAverages: false).notes.isEmpty)
        let alone = ShapesAlone(averages)
        #expect(CompVisFile.holds(try alone.opened().tensors))
        #expect { try self.file(alone) } throws: { "\($0)".contains("averages alone") }
    }

    @Test func whatIsNoPartOfThePipelineIsCounted() throws {
        let published = try Published("sd1")
        let file = try file(
            published.source.changed(["embedding_manager.a": [3], "first_stage_model.loss.logvar": [], "posterior_variance": [1000]]),
            published.yaml)
        #expect(file.notes == [Warning(.tensorsLeftOut, "1 tensor is left out that is no part of the pipeline (embedding_manager.a)")])
    }

    @Test(arguments: ["conditioner.embedders.0.transformer.x", "control_model.input_blocks.0.0.weight"])
    func theirSuccessorsAreNamedAndRefused(name: String) throws {
        #expect { try file(Published("sd1").source.changed([name: [1]])) } throws: { "\($0)".contains(name) }
    }

    @Test func aNetworkOfOtherBlocksIsRefused() throws {
        let published = try Published("faces")
        for name in ["output_blocks.2.1.norm.weight", "input_blocks.0.0.weight", "out.2.weight", "output_blocks.5.2.conv.weight"] {
            #expect { try network(file(published.source.changed(["model.diffusion_model.\(name)": nil]), published.yaml)) } throws: {
                error in
                ["model.diffusion_model.", "fit the configuration", "as the weights have it"].contains { "\(error)".contains($0) }
            }
        }
        // Rows that are not q, k and v of whole heads.
        let odd = "model.diffusion_model.middle_block.1.qkv.weight"
        #expect { try file(published.source.changed([odd: [2687, 896, 1]]), published.yaml) } throws: { "\($0)".contains(odd) }
    }

    // MARK: YAML

    /// A YAML with one value changed, by the keys that lead to it.
    private func changed(_ document: JSON, _ place: ArraySlice<String>, _ value: JSON) -> JSON {
        guard let key = place.first else { return value }
        return document.replacing([key: changed(document[key] ?? .object([]), place.dropFirst(), value)])
    }

    @Test(
        arguments: [
            ("unet_config.params.channel_mult", [1, 2, 4, 8]), ("unet_config.params.model_channels", 256),
            ("unet_config.params.num_res_blocks", 3), ("unet_config.params.attention_resolutions", [4, 2]),
            ("unet_config.params.context_dim", 1024), ("unet_config.params.use_linear_in_transformer", true),
            ("unet_config.params.use_scale_shift_norm", true), ("unet_config.params.resblock_updown", true),
            ("unet_config.params.in_channels", 9), ("unet_config.params.num_heads", 0), ("unet_config.params.num_heads", "many"),
            ("unet_config.params.num_heads_upsample", 4), ("unet_config.params.conv_resample", false), ("unet_config.params.dims", 3),
            ("unet_config.params.n_embed", 1024), ("parameterization", "w"), ("linear_end", 2), ("beta_schedule", "sqrt"),
            ("timesteps", 0), ("scale_factor", 0), ("image_size", -1), ("first_stage_config.params.ddconfig.tanh_out", true),
            ("first_stage_config.params.ddconfig.attn_type", "linear"), ("cond_stage_config.params.layer", "hidden"),
        ] as [(String, JSON)])
    func whatItCannotMeanIsRefusedByItsKey(key: String, value: JSON) throws {
        let published = try Published("sd1")
        let place = ["model", "params"] + key.split(separator: ".").map(String.init)
        #expect {
            try file(published.source, changed(published.yaml, place[...], value))
        } throws: { error in
            "\(error)".contains("model.params.\(key) is ")
        }
    }

    @Test func otherDocumentsAreOthers() throws {
        #expect(!CompVisConfiguration.isOne(["model": ["type": "simple", "ch": 128], "data": [:], "diffusion": [:]]))
        #expect(!CompVisConfiguration.isOne(["model": ["params": ["x": 1]]]) && !CompVisConfiguration.isOne([]))
        #expect(CompVisConfiguration.isOne(try Published("faces").yaml))
        #expect(throws: ConfigurationError.self) { try CompVisConfiguration(["model": ["params": ["network_config": [:]]]]) }
    }

    @Test(arguments: [("cosine", "squaredcos_cap_v2"), ("sqrt_linear", "linear"), ("linear", "scaled_linear")])
    func schedulesHaveDiffusersNames(word: String, name: String) throws {
        let published = try Published("faces")
        let file = try file(published.source, changed(published.yaml, ["model", "params", "beta_schedule"], .string(word)))
        #expect(try json(file.scheduler)["beta_schedule"] == .string(name))
    }
}
