/// Runs one half of an autoencoder over samples as an ``AutoencoderPlan`` says, (samples, channels, height, width) in and out.
struct AutoencoderRun {
    let plan: AutoencoderPlan
    private let weights: Weights
    /// Where samples go through whole: it is made once.
    private let whole: BatchedExecutor?
    /// Where they do not: the tiles, and those of one size by it.
    private let tiles: [LatentTiles.Tile]
    private let sizes: [(graph: Graph, members: [Int])]
    private let layout: LatentTiles

    /// - Throws: ``AutoencoderError`` where the half is not there.
    init(_ plan: AutoencoderPlan, _ autoencoder: Autoencoder) throws(AutoencoderError) {
        self.plan = plan
        weights = try autoencoder.weights(plan.half)
        let factor = plan.configuration.scaleFactor
        layout = LatentTiles(side: plan.tile ?? 0, height: plan.latentShape.height, width: plan.latentShape.width)
        let tiles = layout.rows.flatMap { $0 }
        self.tiles = tiles
        var sizes: [(graph: Graph, members: [Int])] = []
        for (size, members) in Dictionary(grouping: tiles.indices, by: { [tiles[$0].height, tiles[$0].width] }) {
            let model = try AutoencoderModel(plan.configuration, height: size[0] * factor, width: size[1] * factor)
            sizes.append((model.graph(plan.half), members))
        }
        self.sizes = sizes.sorted { $0.members[0] < $1.members[0] }
        guard plan.tile == nil, let only = sizes.first else {
            whole = nil
            return
        }
        whole = BatchedExecutor(only.graph, weights, samples: plan.batch.batch, memory: plan.memory, parallel: plan.parallel)
    }

    /// One sample of what goes in.
    private var inputShape: Shape { plan.half == .encoder ? plan.sampleShape : plan.latentShape }

    /// One sample of what comes out.
    private var outputShape: Shape {
        plan.half == .encoder ? plan.latentShape.with(channels: plan.configuration.momentChannels) : plan.sampleShape
    }

    /// The outputs for any number of samples.
    ///
    /// - Parameter progress: called now and then with the share that is done; what it throws ends the run.
    func run(_ values: [Float], progress: (Double) throws -> Void) rethrows -> [Float] {
        let samples = values.count / inputShape.count
        guard let whole else { return try runTiles(values, samples: samples, progress: progress) }
        var outputs: [Float] = []
        outputs.reserveCapacity(samples * outputShape.count)
        try forward(
            whole, count: samples, { values[($0 * inputShape.count)..<(($0 + 1) * inputShape.count)] }, { outputs += $1 },
            progress: { try progress(Double($0) / Double(samples)) })
        return outputs
    }

    /// Tiles of one size go through together, those of all samples.
    private func runTiles(_ values: [Float], samples: Int, progress: (Double) throws -> Void) rethrows -> [Float] {
        let (factor, outputFactor) = plan.factors
        var found = [[[Float]]](repeating: Array(repeating: [], count: tiles.count), count: samples)
        var done = 0
        for (graph, members) in sizes where samples > 0 {
            let count = members.count * samples
            let batched = BatchedExecutor(graph, weights, samples: count, memory: plan.memory, parallel: plan.parallel)
            try forward(
                batched, count: count,
                { place in
                    let sample = place / members.count
                    let map = values[(sample * inputShape.count)..<((sample + 1) * inputShape.count)]
                    return LatentTiles.crop(map, inputShape, tiles[members[place % members.count]].times(factor))[...]
                },
                { place, numbers in found[place / members.count][members[place % members.count]] = numbers },
                progress: { try progress(Double(done + $0) / Double(tiles.count * samples)) })
            done += count
        }
        return found.flatMap { layout.blend($0, factor: outputFactor, shape: outputShape) }
    }

    /// Runs an executor of one input and one output over `count` samples.
    ///
    /// - Parameters:
    ///   - give: a sample's numbers, (channels, height, width).
    ///   - take: is given what became of it.
    private func forward(
        _ batched: BatchedExecutor, count: Int, _ give: (Int) -> ArraySlice<Float>, _ take: (Int, [Float]) -> Void,
        progress: (Int) throws -> Void
    ) rethrows {
        let executor = batched.executor
        let (input, output) = (executor.inputs[0], executor.outputs[0])
        var numbers = [Float](repeating: 0, count: output.shape.count)
        for start in stride(from: 0, to: count, by: executor.batch) {
            // The last part may have empty places; what is computed there is not read.
            let part = start..<min(start + executor.batch, count)
            for place in part {
                give(place).withUnsafeBufferPointer { given in
                    guard let given = given.baseAddress else { return }
                    PixelOrder.channelsLast(
                        given, to: input.values + (place - start) * input.shape.count, batch: 1, shape: input.shape)
                }
            }
            executor.forward()
            for place in part {
                PixelOrder.channelsFirst(
                    output.values + (place - start) * output.shape.count, to: &numbers, batch: 1, shape: output.shape)
                take(place, numbers)
            }
            try progress(part.upperBound)
        }
    }
}
