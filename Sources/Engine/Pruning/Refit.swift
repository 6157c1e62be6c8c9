/// Refits a cut network to its original without training it: layer by layer in forward order, each layer's weights become those with which
/// it gives, on what the layers before it give now, what the original gave there.
///
/// For a layer whose output is W x + b and perhaps another input (``LinearForm``), and r, what the original's output has over its own at the
/// kept channels, ΔW and Δb make Σ |r - ΔW x - Δb|² + λ |ΔW|² smallest (``NormalEquations``) over the pixels of calibration samples. So a
/// removed channel that another one can stand in for costs nothing, and a layer of which nothing was cut and whose inputs are the
/// original's stays as it is to the last bit. Of a norm each channel's scale and shift are refitted on their own (``ScaleEquations``).
public struct Refit: Sendable, Equatable {
    /// Calibration samples.
    public var samples = 64
    /// λ over the mean square of the layer's inputs.
    public var ridge = 1e-3
    /// Of the calibration samples.
    public var seed = 0

    /// The defaults.
    public init() {}

    /// One layer's figures.
    public struct Layer: Sendable {
        /// The layer's name.
        public let name: String
        /// Σ r² over Σ y², y what the original gave, before the layer was refitted.
        public let before: Double
        /// The same after it.
        public let after: Double
    }

    /// Columns that are solved for at once: a layer with more is solved for a part of them after the other, each with what the ones before
    /// have left.
    static let mostColumns = 4608
    private static let repeats = 3

    /// What every layer works in, one after the other: pages that are new for each take longer than a small layer's numbers.
    private struct Room {
        let gathered: Buffer
        let sums: Buffer
    }

    /// How many steps a run of a network takes.
    public func steps(_ cut: Graph) -> Int { cut.foldingSums().nodes.count }

    /// Refits a network in its own memory.
    ///
    /// - Parameters:
    ///   - cut: what is left of `original`, with weights that nobody else reads.
    ///   - kept: for each of the original graph's channel groups, the ascending channels that stayed.
    ///   - objective: draws the calibration samples, as a step of training does, without mirroring.
    ///   - step: called after each layer, and with nil after those that are not refitted; what it throws ends the run.
    /// - Returns: mean((s - t)²), s and t what the refitted network and the original give for the calibration samples: as much as a loss of
    ///   mean squares is foretold to rise, as the original's own error has nothing to do with the difference.
    /// - Throws: ``MatrixError`` where a layer's inputs are not finite; what drawing samples throws, or what `step` throws.
    @discardableResult
    package func run(
        _ cut: TrainedModel, like original: TrainedModel, kept: [[Int]], on objective: some Objective, parallel: Parallel,
        step: (Layer?) throws -> Void
    ) throws -> Double {
        var generator = TorchGenerator(seed: seed)
        let examples = try objective.draw(samples, mirroring: false, from: &generator)
        let (teacher, student) = (executor(original, parallel), executor(cut, parallel))
        for executor in [teacher, student] {
            objective.feed(examples, 0..<samples, to: objective.bindings(in: executor))
        }
        let keptOutputs = original.model.graph.keptOutputs(kept)
        let needs = student.graph.nodes.compactMap { need(of: $0, in: student.graph, threads: parallel.threads) }
        let room = Room(
            gathered: Buffer(count: needs.map(\.gathered).max() ?? 0), sums: Buffer(count: needs.map(\.summed).max() ?? 0))
        let models = Counterparts(student.graph, in: teacher.graph, try original.model.shallow(kept))
        var reached = 0
        for node in student.graph.nodes.indices {
            let name = student.graph.nodes[node].name
            student.forward(node: node)
            var layer: Layer?
            if let place = models[node], let kept = keptOutputs[teacher.graph.nodes[place].name],
                kept.count == student.graph.nodes[node].shape.channels
            {
                while reached <= place {
                    teacher.forward(node: reached)
                    reached += 1
                }
                // Beyond that the original's output may have made room for others.
                if reached == place + 1 { layer = try refit(student, node, name, to: teacher, place, kept, room) }
            }
            try step(layer)
        }
        for node in reached..<teacher.graph.nodes.count { teacher.forward(node: node) }
        return difference(student, teacher)
    }

    /// The mean squared difference of what two networks give that run side by side.
    private func difference(_ student: Executor, _ teacher: Executor) -> Double {
        let pairs = zip(student.outputs, teacher.outputs)
        let (sum, count) = pairs.reduce(into: (0.0, 0)) { total, pair in
            let numbers = samples * pair.0.shape.count
            total.1 += numbers
            for place in 0..<numbers {
                let difference = Double(pair.0.values[place]) - Double(pair.1.values[place])
                total.0 += difference * difference
            }
        }
        return sum / Double(max(1, count))
    }

    /// Draws what a run draws, for whoever gives the samples to learn which they are.
    ///
    /// - Throws: what drawing samples throws.
    package func rehearse(on objective: some Objective) throws {
        var generator = TorchGenerator(seed: seed)
        _ = try objective.draw(samples, mirroring: false, from: &generator)
    }

    private func executor(_ trained: TrainedModel, _ parallel: Parallel) -> Executor {
        Executor(graph: trained.model.graph, weights: trained.weights, batch: samples, preparedLimit: 0, parallel: parallel)
    }

    private func refit(
        _ student: Executor, _ node: Int, _ name: String, to teacher: Executor, _ place: Int, _ kept: [Int], _ room: Room
    ) throws(MatrixError) -> Layer? {
        let step = student.forwardSteps[node]
        switch step.operation.linearForm {
        case .product(let columns, let hasBias):
            return try refitProduct(student, node, name, columns, hasBias: hasBias, to: teacher, place, kept, room)
        case .scale:
            let errors = ScaleEquations(step, like: teacher.forwardSteps[place], kept).solve(ridge: ridge)
            guard let errors else { return nil }
            student.forward(node: node)
            return Layer(name: name, before: errors.before, after: errors.after)
        case nil: return nil
        }
    }

    private func refitProduct(
        _ student: Executor, _ node: Int, _ name: String, _ columns: Int, hasBias: Bool, to teacher: Executor, _ place: Int,
        _ kept: [Int], _ room: Room
    ) throws(MatrixError) -> Layer? {
        let step = student.forwardSteps[node]
        let residuals = Residuals(step.call, like: teacher.forwardSteps[place].call, kept)
        let (before, scale) = residuals.squares()
        guard before > 0 else { return nil }
        let outputs = step.call.shape.output.channels
        let (weight, bias) = (step.call.parameters[0], hasBias ? step.call.parameters[1] : nil)
        let parts = (columns + Self.mostColumns - 1) / Self.mostColumns
        for part in 0..<parts {
            let range = (columns * part / parts)..<(columns * (part + 1) / parts)
            let equations = NormalEquations(
                columns: range.count, outputs: outputs, hasBias: hasBias, memory: room.sums, parallel: step.call.parallel)
            gather(step, residuals, columns, range, into: equations, room.gathered)
            let change = try equations.solve(ridge: ridge, repeats: Self.repeats)
            for output in 0..<outputs {
                for column in range {
                    weight[step.operation.weightPlace(output: output, column: column)] +=
                        Float(change[output * (range.count + 1) + column - range.lowerBound])
                }
                bias?[output] += Float(change[output * (range.count + 1) + range.count])
            }
            student.forward(node: node)
        }
        return Layer(name: name, before: before / scale, after: residuals.squares().residuals / scale)
    }

    /// Walks over the layer's rows and residuals, a block after the other, or over the maps that the rows would be made of.
    private func gather(
        _ step: Executor.Step, _ residuals: Residuals, _ columns: Int, _ range: Range<Int>, into equations: NormalEquations,
        _ room: Buffer
    ) {
        let call = step.call
        if let map = neighbourhood(step.operation, call.shape.inputs, call.shape.output) {
            let sums = NeighbourhoodSums(map, outputs: equations.outputs, batch: call.batch)
            sums.add(call.inputs[0], memory: room.pointer, parallel: call.parallel) { residuals.write($0, into: $1) }
            return equations.add(sums)
        }
        let pixels = residuals.pixels
        let block = Self.block(pixels.count, columns)
        let (rows, differences) = (room.pointer, room.pointer + block * columns)
        for start in stride(from: 0, to: pixels.count, by: block) {
            let some = start..<min(start + block, pixels.count)
            call.parallel.ranges(some.count, grain: 8) { part in
                for index in part {
                    let pixel = pixels.pixel(some.lowerBound + index)
                    step.operation.linearRows(call, pixel..<(pixel + 1), into: rows + index * columns)
                    residuals.write(pixel, into: differences + index * equations.outputs)
                }
            }
            equations.add(some.count, x: rows + range.lowerBound, leading: columns, residuals: differences)
        }
    }
}

/// What a layer of the original gives over what its cut counterpart gives.
private struct Residuals {
    private let cut: OperatorCall
    private let original: OperatorCall
    private let kept: [Int]
    let pixels: SpreadPixels

    /// Parts of the pixels whose squares are added up side by side.
    private static let parts = 16

    init(_ cut: OperatorCall, like original: OperatorCall, _ kept: [Int]) {
        self.cut = cut
        self.original = original
        self.kept = kept
        pixels = SpreadPixels(cut.batch * cut.shape.output.pixels)
    }

    /// Those of a pixel, counted through the batch.
    @inline(__always)
    func write(_ pixel: Int, into target: UnsafeMutablePointer<Float>) {
        let mine = cut.output + pixel * kept.count
        let other = original.output + pixel * original.shape.output.channels
        for (place, channel) in kept.enumerated() { target[place] = other[channel] - mine[place] }
    }

    /// Sums of squares over all pixels: of residuals, and of what the original gives at the kept channels.
    func squares() -> (residuals: Double, original: Double) {
        var sums = [(residuals: Double, original: Double)](repeating: (0, 0), count: Self.parts)
        sums.withUnsafeMutableBufferPointer { sums in
            guard let sums = sums.baseAddress else { return }
            cut.parallel.forEach(Self.parts) { part in
                sums[part] = squares((pixels.count * part / Self.parts)..<(pixels.count * (part + 1) / Self.parts))
            }
        }
        return sums.reduce(into: (0, 0)) { $0 = ($0.residuals + $1.residuals, $0.original + $1.original) }
    }

    private func squares(_ range: Range<Int>) -> (residuals: Double, original: Double) {
        var sums = (0.0, 0.0)
        for index in range {
            let pixel = pixels.pixel(index)
            let mine = cut.output + pixel * kept.count
            let other = original.output + pixel * original.shape.output.channels
            var (difference, square): (Float, Float) = (0, 0)
            for (place, channel) in kept.enumerated() {
                let d = other[channel] - mine[place]
                difference += d * d
                square += other[channel] * other[channel]
            }
            sums.0 += Double(difference)
            sums.1 += Double(square)
        }
        return sums
    }
}
