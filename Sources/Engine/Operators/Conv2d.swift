/// A two-dimensional convolution (`nn.Conv2d`): a product of pixels, of transformed tiles, or of patches with the weights.
///
/// Which of them is decided by the call's sizes alone (``Method``), so every run takes the same.
///
/// With x as (pixels, in) and a patch as (height, width, in) the rows of the patch matrix meet the weights' rows
/// (out, height, width, in) directly; the patch matrix is made in panels that stay in cache, never whole.
package struct Conv2d: Operator {
    /// Rows and columns of zeros around the input.
    package struct Padding: Sendable, Hashable {
        let top: Int
        let left: Int
        let bottom: Int
        let right: Int

        /// The same on all sides (`padding=n`).
        package static func symmetric(_ n: Int) -> Padding { Padding(top: n, left: n, bottom: n, right: n) }
        /// As many rows above as below, and as many columns on either side (`padding=(rows, columns)`).
        package static func symmetric(rows: Int, columns: Int) -> Padding {
            Padding(top: rows, left: columns, bottom: rows, right: columns)
        }
        /// Below and to the right only: diffusers' `Downsample2D` with padding 0 (`F.pad(x, (0, 1, 0, 1))`).
        package static let belowAndRight = Padding(top: 0, left: 0, bottom: 1, right: 1)
    }

    let name: String
    let inChannels: Int
    let outChannels: Int
    /// Rows of the kernel.
    let kernel: Int
    /// Columns of the kernel.
    let kernelWidth: Int
    let stride: Int
    let padding: Padding
    let width: WidthRule
    /// Whether a second input is added to the output.
    private(set) var isAdding = false

    /// - Parameters:
    ///   - name: the checkpoint's prefix of `.weight` (out, in, kernel, kernelWidth) and `.bias`.
    ///   - kernelWidth: nil where the kernel is square.
    ///   - width: what decides the output's width when a model keeps one width per block.
    package init(
        _ name: String, in inChannels: Int, out outChannels: Int, kernel: Int = 3, kernelWidth: Int? = nil, stride: Int = 1,
        padding: Padding = .symmetric(1), width: WidthRule = .block
    ) {
        self.name = name
        self.inChannels = inChannels
        self.outChannels = outChannels
        self.kernel = kernel
        self.kernelWidth = kernelWidth ?? kernel
        self.stride = stride
        self.padding = padding
        self.width = width
    }

    private var taps: Int { kernel * kernelWidth }

    package var parameters: [Parameter] {
        let fanIn = inChannels * taps
        return [
            Parameter("\(name).weight", [outChannels, inChannels, kernel, kernelWidth], .uniform(fanIn: fanIn)),
            Parameter("\(name).bias", [outChannels], .uniform(fanIn: fanIn)),
        ]
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard !inputs.isEmpty, inputs[0].channels == inChannels else {
            throw .shape(node: "", expected: "\(inChannels) channels", found: "\(inputs)")
        }
        let height = inputs[0].height + padding.top + padding.bottom - kernel
        let width = inputs[0].width + padding.left + padding.right - kernelWidth
        guard height >= 0, width >= 0 else {
            throw .shape(node: "", expected: "a map of at least \(kernel)×\(kernelWidth) with its padding", found: "\(inputs[0])")
        }
        let output = Shape(height: height / stride + 1, width: width / stride + 1, channels: outChannels)
        try output.checkAdded(inputs.dropFirst(), isAdding: isAdding)
        return output
    }

    package var backwardReads: BackwardReads { BackwardReads(inputs: 1) }

    /// How a call is computed.
    private enum Method {
        /// A 1×1 convolution needs no patches.
        case pixels
        case patches
        /// Winograd's F(4×4, 3×3).
        case tiles4(Winograd<WinogradTile4>)
        /// Winograd's F(2×2, 3×3).
        case tiles2(Winograd<WinogradTile2>)
    }

    /// Below this many channels transforms cost more than the multiplications they save.
    private static let fewChannels = 8

    private func method(_ call: CallShape, _ direction: Direction) -> Method {
        if taps == 1 && stride == 1 && padding == .symmetric(0) { return .pixels }
        guard seesNeighbourhood, min(inChannels, outChannels) >= Self.fewChannels else { return .patches }
        let (tiles4, tiles2) = (Winograd<WinogradTile4>(call), Winograd<WinogradTile2>(call))
        // Reading the weights plain costs as much as multiplying eight rows.
        let (cost4, cost2) = (tiles4.cost(direction), tiles2.cost(direction))
        if 9 * (call.batch * call.output.pixels + 8) < min(cost4, cost2) { return .patches }
        return cost4 <= cost2 ? .tiles4(tiles4) : .tiles2(tiles2)
    }

    /// What the directions need, the larger of both.
    private func most(_ call: CallShape, _ count: (Method) -> Int) -> Int {
        let forward = count(method(call, .forward))
        return call.isTraining ? max(forward, count(method(call, .backward))) : forward
    }

    package func preparedCount(_ call: CallShape) -> Int {
        most(call) { method in
            switch method {
            case .pixels, .patches: 0
            case .tiles4(let tiles): tiles.preparedCount
            case .tiles2(let tiles): tiles.preparedCount
            }
        }
    }

    package func prepare(_ call: OperatorCall, for direction: Direction) {
        switch method(call.shape, direction) {
        case .pixels, .patches: break
        case .tiles4(let tiles): tiles.prepare(call, for: direction)
        case .tiles2(let tiles): tiles.prepare(call, for: direction)
        }
    }

    package func scratchCount(_ call: CallShape) -> Int {
        most(call) { method in
            switch method {
            case .pixels: product(call).scratchCount(call)
            case .patches: patchScratch(call)
            case .tiles4(let tiles): tiles.scratchCount(isTraining: call.isTraining)
            case .tiles2(let tiles): tiles.scratchCount(isTraining: call.isTraining)
            }
        }
    }

    private func patchScratch(_ call: CallShape) -> Int {
        let forward = patches(of: call).scratchCount(call.parallel)
        guard call.isTraining else { return forward }
        let inputGradient = stride == 1 ? flippedPatches(of: call).scratchCount(call.parallel) : forward
        return max(forward, weightCount + inputGradient)
    }

    private var weightCount: Int { outChannels * inChannels * taps }

    private func patches(of call: CallShape) -> Patches {
        Patches(
            batch: call.batch, input: call.inputs[0], output: call.output, kernel: kernel, kernelWidth: kernelWidth, stride: stride,
            top: padding.top, left: padding.left)
    }

    /// For stride 1 the input's gradient is a convolution of the output's gradient with the kernel turned round.
    private func flippedPatches(of call: CallShape) -> Patches {
        Patches(
            batch: call.batch, input: call.output, output: call.inputs[0], kernel: kernel, kernelWidth: kernelWidth, stride: 1,
            top: kernel - 1 - padding.top, left: kernelWidth - 1 - padding.left)
    }

    package func forward(_ call: OperatorCall) {
        switch method(call.shape, .forward) {
        case .pixels: product(call.shape).forward(call)
        case .patches: forwardPatches(call)
        case .tiles4(let tiles): tiles.forward(call)
        case .tiles2(let tiles): tiles.forward(call)
        }
    }

    package func backward(_ call: OperatorCall) {
        switch method(call.shape, .backward) {
        case .pixels: product(call.shape).backward(call)
        case .patches: backwardPatches(call)
        case .tiles4(let tiles): tiles.backward(call)
        case .tiles2(let tiles): tiles.backward(call)
        }
        if isAdding { call.passGradient(toInput: 1) }
    }

    private func forwardPatches(_ call: OperatorCall) {
        let (y, weight, bias) = (call.output, call.parameters[0], call.parameters[1])
        let patches = patches(of: call.shape)
        let depth = patches.depth
        let outChannels = outChannels
        patches.forEachPanel(of: call.inputs[0], scratch: call.scratch, call.parallel) { panel, rows, columns in
            let columns = columns.of(outChannels)
            for row in rows { call.startOutput(pixel: row, columns, bias: bias) }
            Matrix.multiply(
                rows: rows.count, columns: columns.count, inner: depth, panel, leading: depth,
                weight + columns.lowerBound * depth, leading: depth, transposeB: true,
                beta: 1, into: y + rows.lowerBound * outChannels + columns.lowerBound, leading: outChannels)
        }
    }

    private func backwardPatches(_ call: OperatorCall) {
        backwardParameters(call)
        guard let target = call.inputGradients[0] else { return }
        if stride == 1 {
            backwardInput(call, target)
        } else {
            patches(of: call.shape).scatter(
                call.outputGradient, weight: call.parameters[0], into: target, accumulating: call.accumulates[0],
                scratch: call.scratch, call.parallel)
        }
    }

    /// dW += dyᵀ · patches; db += Σ dy. Threads share each panel and divide the rows of dW: no copies, the same sums every time.
    private func backwardParameters(_ call: OperatorCall) {
        let (dy, dW, db) = (call.outputGradient, call.parameterGradients[0], call.parameterGradients[1])
        let patches = patches(of: call.shape)
        let depth = patches.depth
        let outChannels = outChannels
        patches.forEachSharedPanel(of: call.inputs[0], scratch: call.scratch, call.parallel) { panel, rows in
            call.parallel.ranges(outChannels, grain: 8) { columns in
                let first = columns.lowerBound
                Matrix.multiply(
                    rows: columns.count, columns: depth, inner: rows.count,
                    dy + rows.lowerBound * outChannels + first, leading: outChannels, transposeA: true,
                    panel, leading: depth, beta: 1, into: dW + first * depth, leading: depth)
                for row in rows { Elementwise.add(columns.count, dy + row * outChannels + first, to: db + first) }
            }
        }
    }

    /// dx = patches of dy · flipped W, with W read as (height, width, out) × in.
    private func backwardInput(_ call: OperatorCall, _ target: UnsafeMutablePointer<Float>) {
        let flipped = call.scratch
        let (inChannels, outChannels, taps) = (inChannels, outChannels, taps)
        let weight = call.parameters[0]
        call.parallel.ranges(outChannels, grain: 8) { range in
            for channel in range {
                for tap in 0..<taps {
                    (flipped + (tap * outChannels + channel) * inChannels)
                        .update(from: weight + (channel * taps + taps - 1 - tap) * inChannels, count: inChannels)
                }
            }
        }
        let patches = flippedPatches(of: call.shape)
        let depth = patches.depth
        let beta: Float = call.accumulates[0] ? 1 : 0
        patches.forEachPanel(of: call.outputGradient, scratch: call.scratch + weightCount, call.parallel) { panel, rows, columns in
            let columns = columns.of(inChannels)
            Matrix.multiply(
                rows: rows.count, columns: columns.count, inner: depth, panel, leading: depth,
                flipped + columns.lowerBound, leading: inChannels,
                beta: beta, into: target + rows.lowerBound * inChannels + columns.lowerBound, leading: inChannels)
        }
    }

    private func product(_ call: CallShape) -> PixelProduct {
        PixelProduct(rows: call.batch * call.output.pixels, inChannels: inChannels, outChannels: outChannels)
    }

    package func adding() -> Conv2d? {
        guard !isAdding else { return nil }
        var adding = self
        adding.isAdding = true
        return adding
    }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels {
        let output = coupling.layer(name, outChannels: outChannels, input: inputs[0], width: width)
        if isAdding { coupling.unify(inputs[1], output) }
        return output
    }

    package func cut(_ kept: KeptChannels) -> Conv2d {
        var cut = Conv2d(
            name, in: kept.inputs[0].count, out: kept.output.count, kernel: kernel, kernelWidth: kernelWidth, stride: stride,
            padding: padding, width: width)
        cut.isAdding = isAdding
        return cut
    }

    /// Patches.
    package var linearForm: LinearForm? { .product(columns: inChannels * taps, hasBias: true) }

    package func linearRows(_ call: OperatorCall, _ pixels: Range<Int>, into rows: UnsafeMutablePointer<Float>) {
        patches(of: call.shape).gather(call.inputs[0], pixels, into: rows)
    }

    package var seesNeighbourhood: Bool { kernel == 3 && kernelWidth == 3 && stride == 1 && padding == .symmetric(1) }

    package func multiplyAccumulates(inputs: [Shape], output: Shape) -> Int { output.count * inChannels * taps }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let (weight, bias) = (graph.parameter(parameters[0]), graph.parameter(parameters[1]))
        let product = graph.add(
            "Conv", [graph.map(inputs[0]), weight, bias],
            [
                "kernel_shape": .integers([kernel, kernelWidth]), "strides": .integers([stride, stride]),
                "pads": .integers([padding.top, padding.left, padding.bottom, padding.right]),
            ])
        return graph.sum(of: [OnnxValue(product, .map, channels: outChannels)] + inputs.dropFirst())
    }
}
