/// A transposed convolution (`nn.ConvTranspose2d`): what a strided convolution's input gradient is, whose own gradient is that convolution.
///
/// With x as (pixels, in) and the weights as (in, height, width, out), x · W is for every pixel the patch that it adds to the output.
package struct ConvTranspose2d: Operator {
    /// How pixels' patches lie on the output.
    package struct Window: Sendable, Hashable {
        /// Rows and columns of a patch.
        package let kernel: Int
        /// From one patch to the next.
        package let stride: Int
        /// Rows and columns that are cut off all around.
        package let padding: Int
        /// Rows and columns more below and to the right.
        package let outputPadding: Int

        package init(kernel: Int, stride: Int, padding: Int, outputPadding: Int = 0) {
            (self.kernel, self.stride, self.padding, self.outputPadding) = (kernel, stride, padding, outputPadding)
        }

        /// A side of the output, of a side of the input.
        package func side(_ input: Int) -> Int { (input - 1) * stride - 2 * padding + kernel + outputPadding }
    }

    let name: String
    let inChannels: Int
    let outChannels: Int
    let window: Window
    let hasBias: Bool
    let width: WidthRule
    /// The kernel's taps as ``linearRows(_:_:into:)`` has them: those that meet the same output pixels stand together.
    private let taps: [Int]

    /// - Parameters:
    ///   - name: the checkpoint's prefix of `.weight` (in, out, kernel, kernel) and, where `hasBias`, `.bias`.
    ///   - width: what decides the output's width when a model keeps one width per block.
    package init(
        _ name: String, in inChannels: Int, out outChannels: Int, window: Window, hasBias: Bool = true, width: WidthRule = .own
    ) {
        self.name = name
        self.inChannels = inChannels
        self.outChannels = outChannels
        self.window = window
        self.hasBias = hasBias
        self.width = width
        let (kernel, stride) = (window.kernel, window.stride)
        let phases = (0..<min(stride, kernel)).map { Array(Swift.stride(from: $0, to: kernel, by: stride)) }
        taps = phases.flatMap { rows in phases.flatMap { columns in rows.flatMap { row in columns.map { row * kernel + $0 } } } }
    }

    package var parameters: [Parameter] {
        let kernel = window.kernel
        // PyTorch takes the second dimension for what goes in, whichever it is.
        let fanIn = outChannels * kernel * kernel
        let weight = Parameter("\(name).weight", [inChannels, outChannels, kernel, kernel], .uniform(fanIn: fanIn))
        return hasBias ? [weight, Parameter("\(name).bias", [outChannels], .uniform(fanIn: fanIn))] : [weight]
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs.count == 1, inputs[0].channels == inChannels else {
            throw .shape(node: "", expected: "\(inChannels) channels", found: "\(inputs)")
        }
        let (height, width) = (window.side(inputs[0].height), window.side(inputs[0].width))
        guard inputs[0].pixels > 0, height > 0, width > 0 else {
            throw .shape(node: "", expected: "a map of which its padding leaves something", found: "\(inputs[0])")
        }
        return Shape(height: height, width: width, channels: outChannels)
    }

    package var backwardReads: BackwardReads { BackwardReads(inputs: 1) }

    package func scratchCount(_ call: CallShape) -> Int { patches(of: call).scratchCount(call.parallel) }

    /// Of the output, one for each pixel of the input.
    private func patches(of call: CallShape) -> Patches {
        Patches(
            batch: call.batch, input: call.output, output: call.inputs[0], kernel: window.kernel, stride: window.stride,
            top: window.padding, left: window.padding)
    }

    package func forward(_ call: OperatorCall) {
        patches(of: call.shape).scatter(
            call.inputs[0], weight: call.parameters[0], into: call.output, accumulating: false, scratch: call.scratch, call.parallel)
        guard hasBias else { return }
        let (y, bias, outChannels) = (call.output, call.parameters[1], outChannels)
        call.parallel.ranges(call.batch * call.shape.output.pixels, grain: 256) { pixels in
            for pixel in pixels { Elementwise.add(outChannels, bias, to: y + pixel * outChannels) }
        }
    }

    /// dx = patches of dy · Wᵀ; dW += xᵀ · patches of dy; db += Σ dy.
    package func backward(_ call: OperatorCall) {
        backwardParameters(call)
        guard let target = call.inputGradients[0] else { return }
        let patches = patches(of: call.shape)
        let (depth, inChannels, weight) = (patches.depth, inChannels, call.parameters[0])
        let beta: Float = call.accumulates[0] ? 1 : 0
        patches.forEachPanel(of: call.outputGradient, scratch: call.scratch, call.parallel) { panel, rows, columns in
            let columns = columns.of(inChannels)
            Matrix.multiply(
                rows: rows.count, columns: columns.count, inner: depth, panel, leading: depth,
                weight + columns.lowerBound * depth, leading: depth, transposeB: true,
                beta: beta, into: target + rows.lowerBound * inChannels + columns.lowerBound, leading: inChannels)
        }
    }

    private func backwardParameters(_ call: OperatorCall) {
        let (x, dy, dW) = (call.inputs[0], call.outputGradient, call.parameterGradients[0])
        let patches = patches(of: call.shape)
        let (depth, inChannels, outChannels) = (patches.depth, inChannels, outChannels)
        patches.forEachSharedPanel(of: dy, scratch: call.scratch, call.parallel) { panel, rows in
            call.parallel.ranges(inChannels, grain: 8) { channels in
                let first = channels.lowerBound
                Matrix.multiply(
                    rows: channels.count, columns: depth, inner: rows.count,
                    x + rows.lowerBound * inChannels + first, leading: inChannels, transposeA: true,
                    panel, leading: depth, beta: 1, into: dW + first * depth, leading: depth)
            }
        }
        guard hasBias else { return }
        let (db, pixels) = (call.parameterGradients[1], call.batch * call.shape.output.pixels)
        call.parallel.ranges(outChannels, grain: 8) { channels in
            let first = channels.lowerBound
            for pixel in 0..<pixels { Elementwise.add(channels.count, dy + pixel * outChannels + first, to: db + first) }
        }
    }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels {
        coupling.layer(name, outChannels: outChannels, input: inputs[0], width: width, hasBias: hasBias, isTransposed: true)
    }

    package func cut(_ kept: KeptChannels) -> ConvTranspose2d {
        ConvTranspose2d(name, in: kept.inputs[0].count, out: kept.output.count, window: window, hasBias: hasBias, width: width)
    }

    /// What each tap finds, and zeros where a tap meets no pixel of the input: pixels of another phase know nothing of each other's taps.
    package var linearForm: LinearForm? { .product(columns: inChannels * taps.count, hasBias: hasBias) }

    package func linearRows(_ call: OperatorCall, _ pixels: Range<Int>, into rows: UnsafeMutablePointer<Float>) {
        let (input, output) = (call.shape.inputs[0], call.shape.output)
        let (kernel, stride, padding) = (window.kernel, window.stride, window.padding)
        var target = rows
        for pixel in pixels {
            let (image, place) = (pixel / output.pixels, pixel % output.pixels)
            let (row, column) = (place / output.width + padding, place % output.width + padding)
            for tap in taps {
                let (y, x) = (row - tap / kernel, column - tap % kernel)
                if y >= 0, x >= 0, y % stride == 0, x % stride == 0, y / stride < input.height, x / stride < input.width {
                    let source = (image * input.height + y / stride) * input.width + x / stride
                    target.update(from: call.inputs[0] + source * inChannels, count: inChannels)
                } else {
                    target.update(repeating: 0, count: inChannels)
                }
                target += inChannels
            }
        }
    }

    package func weightPlace(output: Int, column: Int) -> Int {
        ((column % inChannels) * taps.count + taps[column / inChannels]) * outChannels + output
    }

    /// Of every pixel of the input, not of the output, of which most taps find nothing.
    package func multiplyAccumulates(inputs: [Shape], output: Shape) -> Int {
        inputs[0].count * outChannels * window.kernel * window.kernel
    }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let weights = parameters.map { graph.parameter($0) }
        let (kernel, stride, padding, more) = (window.kernel, window.stride, window.padding, window.outputPadding)
        let result = graph.add(
            "ConvTranspose", [graph.map(inputs[0])] + weights,
            [
                "kernel_shape": .integers([kernel, kernel]), "strides": .integers([stride, stride]),
                "pads": .integers([padding, padding, padding, padding]), "output_padding": .integers([more, more]),
            ])
        return OnnxValue(result, .map, channels: outChannels)
    }
}
