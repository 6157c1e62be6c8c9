import Engine
import Foundation
import Testing

/// The methods that go by the squares of each sample's own gradients, against plain loops over samples.
@Suite struct SampleGradientsTests {
    static let methods = [PruningMethod.fisher, .gaussNewton, .groupFisher]
    private static let points = [2, 17, 40]
    private let parallel = Parallel(threads: 2)

    private func world(_ name: String) throws -> (trained: TrainedModel, objective: NoisePrediction) {
        let (model, weights) = try Golden.unet(name)
        let x0 = try #require(try Golden.tensors("pruning/\(name)/inputs.safetensors")["x0"]).values
        let objective = NoisePrediction(PictureSet.of(x0, model.sampleShape), alphasCumprod: PruningGoldenTests.alphasCumprod)
        return (TrainedModel(model: model, weights: weights), objective)
    }

    private func scored(
        _ method: PruningMethod, _ trained: TrainedModel, _ objective: some Objective, threshold: Double? = 0, points: [Int] = Self.points,
        samples: Int = 4, memory: Int = .max
    ) throws -> (outcome: Scoring.Outcome, losses: [Scoring.PointLoss]) {
        var losses: [Scoring.PointLoss] = []
        let scoring = Scoring(method: method, threshold: threshold, points: points, seed: 7)
        let outcome = try scoring.run(trained, on: objective, samples: samples, memory: memory, parallel: parallel) { loss, _ in
            losses.append(loss)
        }
        return (outcome, losses)
    }

    // MARK: Plain loops

    /// The gradients of every sample at every point, each by itself, as arrays by parameter in the checkpoint's order.
    private func gradients(_ method: PruningMethod, _ trained: TrainedModel, _ objective: NoisePrediction) throws -> [[String: [Double]]] {
        var generator = TorchGenerator(seed: 7)
        let drawn = try objective.scoring(4, from: &generator)
        var found: [[String: [Double]]] = []
        for point in Self.points {
            for sample in 0..<4 {
                let gradients = Weights(trained.weights.parameters)
                let executor = Executor(
                    graph: trained.model.graph, weights: trained.weights, gradients: gradients, batch: 1, parallel: parallel)
                let bindings = objective.bindings(in: executor)
                objective.feed(objective.scoring(drawn, at: point), sample..<(sample + 1), to: bindings)
                executor.forward()
                let shape = executor.outputShape
                let signs = method == .gaussNewton ? generator.randint(below: 2, count: shape.count) : []
                for pixel in 0..<shape.pixels {
                    for channel in 0..<shape.channels {
                        let place = pixel * shape.channels + channel
                        let error = executor.output[place] - bindings.prediction.target.pointer[place]
                        let sign = signs.isEmpty ? 0 : Float(2 * signs[channel * shape.pixels + pixel] - 1)
                        executor.outputGradient[place] = signs.isEmpty ? 2 * error / Float(shape.count) : sign
                    }
                }
                executor.backward()
                found.append(values(gradients))
            }
        }
        return found
    }

    private func values(_ weights: Weights) -> [String: [Double]] {
        Dictionary(
            uniqueKeysWithValues: weights.parameters.indices.map { (weights.parameters[$0].name, weights.torchOrder($0).map(Double.init)) })
    }

    /// Σ of `term` over what a member gives to each channel, number by number.
    private func sum(
        _ member: ChannelGroup.Member, _ width: Int, _ shapes: [String: [Int]], _ term: (Int) -> Double
    ) throws -> [Double] {
        let shape = try #require(shapes[member.parameter])
        var sums = [Double](repeating: 0, count: width)
        for place in 0..<shape.reduce(1, *) {
            let inner = shape[(member.axis + 1)...].reduce(1, *)
            let channel = place / inner % shape[member.axis] - member.offset
            if (0..<width).contains(channel) { sums[channel] += term(place) }
        }
        return sums
    }

    private func expected(_ method: PruningMethod, _ trained: TrainedModel, _ all: [[String: [Double]]]) throws -> [[Double]] {
        let shapes = Dictionary(uniqueKeysWithValues: trained.weights.parameters.map { ($0.name, $0.shape) })
        let theta = values(trained.weights)
        return try trained.model.graph.channelGroups().map { group in
            var total = [Double](repeating: 0, count: group.width)
            for slope in all {
                for member in group.members where member.isScored {
                    let name = member.parameter
                    let (weight, gradient) = (try #require(theta[name]), try #require(slope[name]))
                    if method != .groupFisher {
                        let squares = try sum(member, group.width, shapes) { weight[$0] * weight[$0] * gradient[$0] * gradient[$0] }
                        for channel in 0..<group.width { total[channel] += squares[channel] / 2 / Double(all.count) }
                        continue
                    }
                    // q and k are read by attention, which has no weights: what scales them stands on what makes them.
                    let isMade = !group.members.contains { $0.axis == 1 }
                    guard member.axis == 1 || isMade else { continue }
                    var gate = try sum(member, group.width, shapes) { weight[$0] * gradient[$0] }
                    if isMade {
                        let bias = name.replacing(".weight", with: ".bias")
                        let (values, slopes) = (try #require(theta[bias]), try #require(slope[bias]))
                        for channel in 0..<group.width { gate[channel] += values[channel] * slopes[channel] }
                    }
                    for channel in 0..<group.width { total[channel] += gate[channel] * gate[channel] / 2 / Double(all.count) }
                }
            }
            return total
        }
    }

    @Test(arguments: ["ddpm", "ldm", "scale_shift"], methods)
    func importanceIsThatOfPlainLoops(name: String, method: PruningMethod) throws {
        let (trained, objective) = try world(name)
        let found = try scored(method, trained, objective).outcome
        #expect(found.choice == nil && found.rejected.isEmpty)
        let expected = try expected(method, trained, gradients(method, trained, objective))
        for (group, pair) in zip(trained.model.graph.channelGroups(), zip(found.importance, expected)) {
            let largest = try #require(pair.1.max())
            #expect(largest > 0, "\(group.name)")
            #expect(zip(pair.0, pair.1).allSatisfy { abs($0 - $1) < 1e-5 * largest }, "\(group.name)")
        }
    }

    /// Also where activations are made again, and where a threshold asks for the losses first.
    @Test(arguments: methods) func memoryAndThresholdsDoNotChangeNumbers(method: PruningMethod) throws {
        let (trained, objective) = try world("ldm")
        let whole = try scored(method, trained, objective)
        let little = try scored(method, trained, objective, memory: 0)
        #expect(little.outcome.importance == whole.outcome.importance && little.losses == whole.losses)
        let asked = try scored(method, trained, objective, threshold: 1e-9)
        #expect(asked.outcome.importance == whole.outcome.importance && asked.losses == whole.losses)
    }

    @Test(arguments: methods + [.diffPruning, .scratch]) func aThresholdEndsTheWalk(method: PruningMethod) throws {
        let (trained, objective) = try world("ldm")
        let points = Array(stride(from: 0, to: 50, by: 7))
        let losses = try scored(.taylor, trained, objective, points: points).losses
        let smallest = try #require(losses.dropFirst().map(\.relative).min())
        let stopped = try scored(method, trained, objective, threshold: smallest + 1e-6, points: points)
        let kept = stopped.losses.filter(\.isKept).map(\.point)
        #expect(kept.count == stopped.losses.count - 1 && !kept.isEmpty)
        let until = try scored(method, trained, objective, points: kept)
        #expect(stopped.outcome.importance == until.outcome.importance)
    }

    /// The one pass holds what a second one with the threshold would give.
    @Test(arguments: methods + [.diffPruning, .scratch]) func aChosenThresholdIsThatOfAnotherPass(method: PruningMethod) throws {
        let (trained, objective) = try world("ddpm")
        let points = Array(stride(from: 49, through: 0, by: -7))
        let chosen = try scored(method, trained, objective, threshold: nil, points: points)
        let choice = try #require(chosen.outcome.choice)
        #expect(chosen.losses.count == points.count && chosen.losses.allSatisfy(\.isKept))
        #expect(choice.points == points.count && chosen.outcome.rejected.map(\.point) == Array(points[choice.kept...]))
        let again = try scored(method, trained, objective, threshold: choice.threshold, points: points)
        #expect(again.losses.filter(\.isKept).count == choice.kept)
        for (found, expected) in zip(chosen.outcome.importance, again.outcome.importance) {
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-6 * abs($1) })
        }
    }

    // MARK: Activations

    /// Σ a · ∂L/∂a from the activations themselves, in double precision, where one layer reads them.
    @Test func groupFisherIsThatOfActivations() throws {
        let trained = TrainedModel(initializing: try Narrowing(json: Data(), shapes: [:]), seed: 3)
        let shape = trained.model.sampleShape
        var generator = TorchGenerator(seed: 4)
        let numbers = generator.randn(6 * shape.count)
        let objective = Reconstruction(PictureSet.of(numbers, shape))
        let found = try scored(.groupFisher, trained, objective, points: [0, 1, 2], samples: 2).outcome.importance

        let theta = values(trained.weights)
        let (down, lower) = (try #require(theta["down.weight"]), try #require(theta["down.bias"]))
        let (up, upper) = (try #require(theta["up.weight"]), try #require(theta["up.bias"]))
        var expected = [Double](repeating: 0, count: 3)
        for picture in 0..<6 {
            var gates = [Double](repeating: 0, count: 3)
            for pixel in 0..<shape.pixels {
                let x = (0..<4).map { Double(numbers[(picture * 4 + $0) * shape.pixels + pixel]) }
                let hidden = affine(down, lower, x)
                let a = Twin.silu([Samples(batch: 1, shape: .vector(3), values: hidden)]).values
                let y = affine(up, upper, a)
                let slopes = zip(y, x).map { 2 * ($0 - $1) / Double(shape.count) }
                for channel in 0..<3 {
                    for (row, slope) in slopes.enumerated() { gates[channel] += a[channel] * up[row * 3 + channel] * slope }
                }
            }
            for channel in 0..<3 { expected[channel] += gates[channel] * gates[channel] / 2 / 6 }
        }
        #expect(found.count == 1)
        #expect(zip(found[0], expected).allSatisfy { abs($0 / $1 - 1) < 1e-4 }, "\(found[0]) \(expected)")
    }

    /// W x + b.
    private func affine(_ weight: [Double], _ bias: [Double], _ x: [Double]) -> [Double] {
        bias.indices.map { row in
            var sum = bias[row]
            for column in x.indices { sum += weight[row * x.count + column] * x[column] }
            return sum
        }
    }

    /// What a factor on a channel of q or of k changes the loss by, found by differences.
    @Test func groupFisherOfAttentionIsThatOfFactorsOnItsInputs() throws {
        let (trained, objective) = try world("ldm")
        let found = try scored(.groupFisher, trained, objective).outcome.importance
        var generator = TorchGenerator(seed: 7)
        let drawn = try objective.scoring(4, from: &generator)
        let groups = trained.model.graph.channelGroups()
        let number = try #require(groups.firstIndex { group in !group.members.contains { $0.axis == 1 } })
        let group = groups[number]
        let largest = try #require(found[number].max())
        for channel in [0, group.width / 2, group.width - 1] {
            var expected = 0.0
            for layer in group.members.filter(\.isScored).map({ String($0.parameter.dropLast(7)) }) {
                func losses(_ factor: Float) throws -> [Double] {
                    let weights = trained.weights.copy()
                    for name in ["\(layer).weight", "\(layer).bias"] {
                        let index = try #require(weights.index(of: name))
                        let length = weights.parameters[index].count / group.width
                        for place in (channel * length)..<((channel + 1) * length) { weights.pointer(index)[place] *= factor }
                    }
                    let executor = Executor(graph: trained.model.graph, weights: weights, batch: 1, parallel: parallel)
                    let bindings = objective.bindings(in: executor)
                    return Self.points.flatMap { point in
                        (0..<4).map { sample in
                            objective.feed(objective.scoring(drawn, at: point), sample..<(sample + 1), to: bindings)
                            executor.forward()
                            return objective.error(of: 1, in: bindings) / Double(objective.terms(in: bindings))
                        }
                    }
                }
                let slopes = zip(try losses(1.1), try losses(0.9)).map { ($0 - $1) / 0.2 }
                expected += slopes.reduce(0) { $0 + $1 * $1 } / 2 / Double(slopes.count)
            }
            #expect(abs(found[number][channel] - expected) < 0.05 * largest, "\(channel): \(found[number][channel]) \(expected)")
        }
    }
}
