import Engine
import Foundation
import Testing

/// Refitting against a plain rendering in double precision, and what it promises.
@Suite struct RefitTests {
    private static let parallel = Parallel(threads: 2)

    /// Calibration samples of a golden U-Net.
    private static func objective(_ model: any Architecture) -> NoisePrediction {
        let shape = model.sampleShape
        let pictures = PictureSet(count: 8, shape: shape) { index in
            (0..<shape.count).map { UInt8(truncatingIfNeeded: ($0 * (index + 3)) ^ (index * 77) ^ ($0 >> 3)) }
        }
        return NoisePrediction(pictures, alphasCumprod: PruningGoldenTests.alphasCumprod)
    }

    private static func trained(_ name: String) throws -> TrainedModel {
        let (model, weights) = try Golden.unet(name)
        return TrainedModel(model: model, weights: weights)
    }

    private static func cut(_ trained: TrainedModel, _ ratio: Double, _ widths: Widths) throws -> (kept: [[Int]], result: TrainedModel) {
        let selection = Selection(ratio: ratio, widths: widths, blockRules: trained.model.blockRules)
        let kept = try trained.selectChannels(.magnitude, importance: nil, seed: 0, selection: selection).map(\.kept)
        return (kept, try trained.pruned(kept: kept, widths: widths, steps: PruningGoldenTests.steps))
    }

    /// Everything that goes through a network on a refit's calibration samples, with its sums folded into layers as it runs.
    private struct Walk {
        let graph: Graph
        let executor: Executor

        init(_ trained: TrainedModel, _ refit: Refit) throws {
            var graph = trained.model.graph.foldingSums()
            for (index, node) in graph.nodes.enumerated() { graph.addOutput("\(index) \(node.name)", index) }
            self.graph = graph
            executor = Executor(graph: graph, weights: trained.weights, batch: refit.samples, parallel: RefitTests.parallel)
            let objective = RefitTests.objective(trained.model)
            var generator = TorchGenerator(seed: refit.seed)
            let examples = try objective.draw(refit.samples, mirroring: false, from: &generator)
            let plain = Executor(graph: trained.model.graph, weights: trained.weights, batch: refit.samples, parallel: RefitTests.parallel)
            objective.feed(examples, 0..<refit.samples, to: objective.bindings(in: plain))
            for (from, to) in zip(plain.inputs, executor.inputs) {
                to.values.update(from: from.values, count: refit.samples * from.shape.count)
            }
            executor.forward()
        }

        /// (batch, height, width, channels)
        func values(_ node: Int) -> [Double] {
            let output = executor.output("\(node) \(graph.nodes[node].name)")
            return (0..<(executor.batch * output.shape.count)).map { Double(output.values[$0]) }
        }
    }

    /// A convolution's or linear layer's least-squares rows by its definition: PyTorch's order (in, height, width), and 1.
    private static func rows(_ x: [Double], _ shape: Shape, _ output: Shape, _ weight: [Int], batch: Int, stride: Int, before: Int)
        -> [[Double]]
    {
        let kernel = weight.count == 4 ? weight[2] : 1
        var rows: [[Double]] = []
        for image in 0..<batch {
            for row in 0..<output.height {
                for column in 0..<output.width {
                    var numbers: [Double] = []
                    for channel in 0..<shape.channels {
                        for tapRow in 0..<kernel {
                            for tapColumn in 0..<kernel {
                                let (y, z) = (row * stride + tapRow - before, column * stride + tapColumn - before)
                                let isInside = (0..<shape.height).contains(y) && (0..<shape.width).contains(z)
                                numbers.append(
                                    isInside ? x[((image * shape.height + y) * shape.width + z) * shape.channels + channel] : 0)
                            }
                        }
                    }
                    rows.append(numbers + [1])
                }
            }
        }
        return rows
    }

    /// Solves A X = B by elimination with pivots; A is n × n, B has n rows.
    private static func solved(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
        var (a, b) = (a, b)
        for column in a.indices {
            let pivot = (column..<a.count).max { abs(a[$0][column]) < abs(a[$1][column]) } ?? column
            a.swapAt(column, pivot)
            b.swapAt(column, pivot)
            for row in a.indices where row != column && a[row][column] != 0 {
                let factor = a[row][column] / a[column][column]
                for place in column..<a.count { a[row][place] -= factor * a[column][place] }
                for place in b[row].indices { b[row][place] -= factor * b[column][place] }
            }
        }
        return a.indices.map { row in b[row].map { $0 / a[row][row] } }
    }

    /// The weights of one layer (out × (in · taps + 1), the bias last) by the definition of ``Refit``: where they began, and what comes of it.
    private static func expected(
        _ x: [[Double]], _ target: [[Double]], from start: [[Double]], ridge: Double
    ) -> [[Double]] {
        let size = x[0].count
        var gram = [[Double]](repeating: [Double](repeating: 0, count: size), count: size)
        for row in x { for i in 0..<size where row[i] != 0 { for j in 0..<size { gram[i][j] += row[i] * row[j] } } }
        let penalty = ridge * (0..<(size - 1)).reduce(0.0) { $0 + gram[$1][$1] } / Double(size - 1)
        var penalized = gram
        for i in 0..<(size - 1) { penalized[i][i] += penalty }
        var weights = start
        for _ in 0..<3 {
            var right = [[Double]](repeating: [Double](repeating: 0, count: start.count), count: size)
            for (row, wanted) in zip(x, target) {
                for output in start.indices {
                    let residual = wanted[output] - zip(weights[output], row).reduce(0) { $0 + $1.0 * $1.1 }
                    for i in 0..<size { right[i][output] += row[i] * residual }
                }
            }
            let change = solved(penalized, right)
            for output in start.indices { for i in 0..<size { weights[output][i] += change[i][output] } }
        }
        return weights
    }

    @Test(arguments: [("ddpm", Widths.free), ("ldm", .free), ("scale_shift", .free), ("ddpm", .diffusers)])
    func everyLayerIsTheLeastSquaresSolutionOnWhatComesBefore(name: String, widths: Widths) throws {
        let original = try Self.trained(name)
        let (kept, result) = try Self.cut(original, 0.3, widths)
        let start = result.weights.copy()
        var refit = Refit()
        (refit.samples, refit.ridge, refit.seed) = (6, 0.01, 5)
        var layers: [Refit.Layer] = []
        var steps = 0
        try refit.run(result, like: original, kept: kept, on: Self.objective(original.model), parallel: Self.parallel) { layer in
            steps += 1
            layer.map { layers.append($0) }
        }
        #expect(steps == refit.steps(result.model.graph))
        // Some differ from the original by no more than rounding, in which there is nothing to make better.
        #expect(layers.allSatisfy { $0.after <= max($0.before, 1e-12) })

        let padding = try original.unet.configuration.downsamplePadding
        let (teacher, student) = (try Walk(original, refit), try Walk(result, refit))
        let keptOutputs = original.model.graph.keptOutputs(kept)
        var worst = (error: 0.0, name: "")
        for (index, node) in student.graph.nodes.enumerated() {
            guard case .product = node.operation.linearForm, let kept = keptOutputs[node.name], node.shape.pixels <= 64,
                let place = teacher.graph.nodes.firstIndex(where: { $0.name == node.name }),
                let parameter = result.weights.index(of: "\(node.name).weight"), let bias = result.weights.index(of: "\(node.name).bias")
            else { continue }
            let weight = result.weights.parameters[parameter].shape
            let input = student.graph.nodes[node.inputs[0]]
            let stride = input.shape.height / node.shape.height
            let x = Self.rows(
                student.values(node.inputs[0]), input.shape, node.shape, weight, batch: refit.samples, stride: stride,
                before: weight.count == 4 && weight[2] == 3 && (stride == 1 || padding == 1) ? 1 : 0)
            func matrix(_ weights: Weights) -> [[Double]] {
                let (numbers, biases) = (weights.torchOrder(parameter), weights.torchOrder(bias))
                let length = numbers.count / weight[0]
                return (0..<weight[0]).map { row in
                    numbers[(row * length)..<((row + 1) * length)].map(Double.init) + [Double(biases[row])]
                }
            }
            let (begun, found) = (matrix(start), matrix(result.weights))
            // What the layer's output has beside W x + b is what it had before.
            let (mine, theirs) = (student.values(index), teacher.values(place))
            let all = teacher.graph.nodes[place].shape.channels
            let target = x.enumerated().map { pixel, row in
                kept.enumerated().map { output, channel in
                    theirs[pixel * all + channel] - mine[pixel * kept.count + output]
                        + zip(found[output], row).reduce(0) { $0 + $1.0 * $1.1 }
                }
            }
            let wanted = Self.expected(x, target, from: begun, ridge: refit.ridge)
            let change = zip(wanted, begun).flatMap { zip($0, $1).map { $0 - $1 } }
            let apart = zip(wanted, found).flatMap { zip($0, $1).map { $0 - $1 } }
            let size = change.map { $0 * $0 }.reduce(0, +).squareRoot()
            // Where next to nothing changes, what differs is the rounding of what the layer reads and gives.
            let error = apart.map { $0 * $0 }.reduce(0, +).squareRoot() / max(size, 2e-3)
            if error > worst.error { worst = (error, node.name) }
        }
        #expect(worst.error < 2e-3, "\(worst.name)")
        #expect(layers.count > 5)
    }

    /// Of two channels that are the same, one goes: what reads them reads the other for both. Norms see the same statistics where every channel
    /// of a group is there twice.
    @Test func aChannelThatIsACopyOfAKeptOneCostsNothing() throws {
        let original = try Self.trained("ddpm")
        let weights = original.weights
        let groups = original.model.graph.channelGroups()
        var kept = groups.map { Array(0..<$0.width) }
        for (index, group) in groups.enumerated() where group.normGroups > 1 && group.width / group.normGroups % 2 == 0 {
            for member in group.members where member.axis == 0 {
                let parameter = try #require(weights.index(of: member.parameter))
                let length = weights.parameters[parameter].count / weights.parameters[parameter].shape[0]
                let start = weights.pointer(parameter) + member.offset * length
                for channel in stride(from: 0, to: group.width, by: 2) {
                    (start + (channel + 1) * length).update(from: start + channel * length, count: length)
                }
            }
            kept[index] = kept[index].filter { $0 % 2 == 0 }
        }
        #expect(zip(kept, groups).contains { $0.count < $1.width })
        let result = try original.pruned(kept: kept, widths: .free, steps: PruningGoldenTests.steps)
        var refit = Refit()
        refit.samples = 8
        let held = try HeldOutLoss(Self.objective(original.model), seed: 1)
        func loss(_ trained: TrainedModel) -> Double { held.evaluate(trained, parallel: Self.parallel) }
        let (whole, pruned) = (loss(original), loss(result))
        try refit.run(result, like: original, kept: kept, on: Self.objective(original.model), parallel: Self.parallel) { _ in }
        let refitted = loss(result)
        #expect(abs(pruned - whole) > 100 * abs(refitted - whole), "\(whole) \(pruned) \(refitted)")
        #expect(abs(refitted - whole) < 1e-4 * whole)
    }

    @Test func aNetworkOfWhichNothingWasCutStaysAsItIs() throws {
        let original = try Self.trained("ddpm")
        let copy = TrainedModel(model: original.model, weights: original.weights.copy())
        let kept = original.model.graph.channelGroups().map { Array(0..<$0.width) }
        var refit = Refit()
        refit.samples = 3
        var layers = 0
        try refit.run(copy, like: original, kept: kept, on: Self.objective(original.model), parallel: Self.parallel) { layer in
            if layer != nil { layers += 1 }
        }
        #expect(layers == 0)
        #expect(copy.weights.buffer.array == original.weights.buffer.array)
    }

    @Test func aRunOfOneThreadAndOneOfTwoEachRepeatThemselves() throws {
        let original = try Self.trained("ldm")
        for threads in [1, 2] {
            let runs = try (0..<2).map { _ in
                let (kept, result) = try Self.cut(original, 0.5, .free)
                var refit = Refit()
                refit.samples = 4
                try refit.run(result, like: original, kept: kept, on: Self.objective(original.model), parallel: Parallel(threads: threads))
                {
                    _ in
                }
                return result.weights.buffer.array
            }
            #expect(runs[0] == runs[1])
        }
    }
}
