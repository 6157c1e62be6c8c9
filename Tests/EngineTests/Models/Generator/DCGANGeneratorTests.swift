import Documents
import Engine
import Foundation
import Testing

/// Against the operators' plain twins, one after the other.
@Suite struct DCGANGeneratorTests {
    @Test func shapesTellAStateDictsModules() throws {
        let read = try #require(try GeneratorStateDict(Generators.tensors(10, [12, 8], prefix: "net."), path: "g.pth"))
        let model = try DCGANGenerator(json: read.config, shapes: [:])
        #expect(model.sampleShape == Shape(height: 16, width: 16, channels: 3) && model.graph.input("noise") == .vector(10))
        #expect(
            model.graph.nodes.map(\.name) == [
                "noise", "net.0", "net.1", "layers.2", "net.3", "net.4", "layers.5", "net.6", "layers.7",
            ])
        #expect(read.warnings.map(\.code) == ["assumed_settings"])
        #expect(read.warnings[0].detail.contains("net.0 of stride 1, padding 0, ReLU after net.1, net.3 of stride 2, padding 1"))
        #expect(model.warnings.isEmpty && DCGANGenerator.isIgnored("net.1.num_batches_tracked"))
        #expect(try DCGANGenerator(json: model.config, shapes: [:]).config == model.config)
    }

    @Test func aVectorBecomesAMap() throws {
        let tensors: [(name: String, shape: [Int])] =
            [("0.weight", [72, 5]), ("0.bias", [72])] + ["weight", "bias", "running_mean", "running_var"].map { ("3.\($0)", [8]) }
            + [("4.weight", [8, 1, 4, 4]), ("4.bias", [1])]
        let read = try #require(try GeneratorStateDict(tensors, path: "g.pth"))
        let model = try DCGANGenerator(json: read.config, shapes: [:])
        #expect(model.sampleShape == Shape(height: 6, width: 6, channels: 1))
        #expect(read.warnings[0].detail.contains("ReLU after 0, a map of 8×3×3 before 3"))
        // What it begins with stays whole.
        #expect(model.graph.channelGroups().isEmpty)
    }

    @Test(arguments: [
        (["main.0.weight": [6, 3, 4, 4], "main.2.weight": [12, 6, 4, 4]], "takes 12 channels, where 3 are given"),
        (["main.0.weight": [6, 3, 4, 4], "main.9.weight": [3, 6, 4, 4]], "8 modules without tensors stand before main.9"),
        (["main.0.weight": [6, 3, 4, 4], "main.1.weight": [3, 6, 7, 7]], "of a kernel of 7"),
        (["main.0.weight": [6, 3, 4, 3]], "no square"), (["main.0.weight": [6, 3, 4, 4], "main.0.bias": [2]], "where 3 numbers belong"),
        (["main.0.weight": [6, 3, 4, 4], "main.1.weight": [3], "main.1.running_mean": [3]], "main.1.bias is not there"),
        (["main.0.weight": [6, 3, 4, 4], "main.1.weight": [3]], "none of a module that is known there"),
        (["main.0.weight": [7, 3], "main.2.weight": [6, 3, 4, 4]], "no square map"),
    ])
    func whatIsNoGeneratorIsToldWhy(tensors: [String: [Int]], expected: String) throws {
        do {
            _ = try GeneratorStateDict(tensors.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, path: "g.pth")
            Issue.record("it was taken")
        } catch {
            #expect("\(error)".hasPrefix("g.pth: there is no configuration") && "\(error)".contains(expected), "\(error)")
        }
    }

    @Test(arguments: ["conv_in.weight", "a.0.weight", "main.00.weight", "main.0.gamma", "main.-1.weight"])
    func othersNamesAreNoSequences(name: String) throws {
        #expect(try GeneratorStateDict([("main.0.weight", [6, 3, 4, 4]), (name, [3, 3, 4, 4])], path: "g.pth") == nil)
    }

    @Test(
        arguments: [
            ("kernel_size", .integer(17), "layers[0].kernel_size is 17"), ("kernel_size", .null, "layers[0].kernel_size is missing"),
            ("padding", .integer(4), "layers[0].padding is 4"), ("output_padding", .integer(1), "layers[0].output_padding is 1"),
            ("dilation", .integer(1), "layers[0].dilation is 1"), ("type", .string("Conv2d"), "layers[0].type is \"Conv2d\""),
            ("type", .string("ReLU"), "layers[0].bias is false"), ("name", .null, "layers[0].name is missing"),
            ("in_channels", .integer(1 << 40), "layers[0].in_channels is 1099511627776"),
        ] as [(String, JSON, String)])
    func wrongConfigurationsAreRefusedByKey(key: String, value: JSON, expected: String) {
        do throws(ArchitectureError) {
            _ = try DCGANGenerator(json: Generators.layer { $0[key] = value }, shapes: [:])
            Issue.record("it was taken")
        } catch {
            #expect(error.description.hasPrefix(expected), "\(error)")
        }
    }

    @Test func itComputesWhatItsModulesCompute() throws {
        let trained = try Generators.trained(7, [6, 5])
        let weights = trained.weights
        var generator = TorchGenerator(seed: 3)
        let noise = Samples(batch: 2, shape: .vector(7), values: generator.randn(14).map(Double.init))
        func parameters(_ name: String) -> [PlainTensor] {
            ["weight", "bias", "running_mean", "running_var"].compactMap { leaf in
                weights.index(of: "\(name).\(leaf)").map {
                    PlainTensor(shape: weights.parameters[$0].shape, values: weights.torchOrder($0).map(Double.init))
                }
            }
        }
        var hidden = noise
        for (place, stride) in [1, 2, 2].enumerated() {
            let window = ConvTranspose2d.Window(kernel: 4, stride: stride, padding: stride - 1)
            hidden = Twin.convTranspose2d(window)([hidden], parameters("main.\(3 * place)"))
            guard place < 2 else { break }
            hidden = Twin.batchNorm(epsilon: 1e-5)([hidden], parameters("main.\(3 * place + 1)"))
            hidden = Twin.map { max($0, 0) }([hidden])
        }
        let expected = Twin.map(tanh)([hidden])
        let executor = Executor(graph: trained.model.graph, weights: weights, batch: 2, parallel: Parallel(threads: 2))
        for (place, value) in noise.values.enumerated() { executor.input("noise").values[place] = Float(value) }
        executor.forward()
        let output = executor.output("picture")
        let error = (0..<(2 * output.shape.count)).map { abs(Double(output.values[$0]) - expected.values[$0]) }.max() ?? .infinity
        #expect(error < 1e-5)
    }

    @Test func aCutKeepsNoiseAndPicturesAndTellsItsWidths() throws {
        let trained = try Generators.trained(7, [6, 5])
        let groups = trained.model.graph.channelGroups()
        #expect(groups.map(\.name) == ["main.0", "main.3"] && groups.map(\.width) == [6, 5])
        let axes = groups[0].members.filter(\.isScored).map { "\($0.parameter) \($0.axis)" }
        #expect(axes == ["main.0.weight 1", "main.3.weight 0"])
        let cut = try trained.pruned(kept: [[0, 2, 5], [1, 4]], widths: .free, steps: nil)
        let shapes = Dictionary(uniqueKeysWithValues: cut.weights.parameters.map { ($0.name, $0.shape) })
        #expect(shapes["main.0.weight"] == [7, 3, 4, 4] && shapes["main.3.weight"] == [3, 2, 4, 4])
        #expect(shapes["main.6.weight"] == [2, 3, 4, 4])
        #expect(shapes["main.1.running_var"] == [3])
        let again = try DCGANGenerator(json: cut.model.config, shapes: [:])
        #expect(again.graph.parameters == cut.model.graph.parameters)
    }

    /// What one transposed convolution lost another channel has, so that refitting finds it again.
    @Test func aCopysPlaceIsTakenByRefitting() throws {
        let trained = try Generators.trained(7, [6, 5])
        for name in ["main.0.weight", "main.1.weight", "main.1.bias", "main.1.running_mean", "main.1.running_var"] {
            let index = try #require(trained.weights.index(of: name))
            var values = trained.weights.torchOrder(index)
            let (rows, columns) = name == "main.0.weight" ? (7, 6) : (1, 6)
            let taps = values.count / (rows * columns)
            for row in 0..<rows {
                for tap in 0..<taps { values[(row * columns + 4) * taps + tap] = values[(row * columns + 1) * taps + tap] }
            }
            trained.weights.setTorchOrder(index, values)
        }
        let kept = [[0, 1, 2, 3, 5], [0, 1, 2, 3, 4]]
        let cut = try trained.pruned(kept: kept, widths: .free, steps: nil)
        var refit = Refit()
        refit.samples = 300
        let before = try difference(cut, trained)
        var layers: [Refit.Layer] = []
        let added = try refit.run(cut, like: trained, kept: kept, on: Generation(.vector(7)), parallel: Parallel(threads: 2)) { layer in
            layer.map { layers.append($0) }
        }
        #expect(layers.first?.name == "main.3" && before > 1e-4)
        #expect(added < 1e-6 * before, "\(added) of \(before)")
    }

    @Test func judgedByItsOriginalItIsNoBetterThanThat() throws {
        let trained = try Generators.trained(7, [6, 5])
        #expect(try difference(trained, trained) == 0)
        let cut = try trained.pruned(kept: [[0, 2, 5], [1, 4]], widths: .free, steps: nil)
        #expect(try difference(cut, trained) > 0)
    }

    private func difference(_ student: TrainedModel, _ teacher: TrainedModel) throws -> Double {
        let objective = try Generation(.vector(7)).imitating(teacher, by: student.model, parallel: Parallel(threads: 2))
        return try HeldOutLoss(objective, seed: 4).evaluate(student, parallel: Parallel(threads: 2))
    }
}
