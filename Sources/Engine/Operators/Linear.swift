/// y = x · Wᵀ + b for every pixel (`nn.Linear`; a vector is a map of one pixel), b where there is one.
package struct Linear: Operator {
    let name: String
    let inChannels: Int
    let outChannels: Int
    let width: WidthRule
    let hasBias: Bool
    /// Whether a second input is added to the output.
    private(set) var isAdding = false

    /// - Parameters:
    ///   - name: the checkpoint's prefix of `.weight` (out × in) and, where `hasBias`, `.bias`.
    ///   - width: what decides the output's width when a model keeps one width per block.
    package init(_ name: String, in inChannels: Int, out outChannels: Int, width: WidthRule, hasBias: Bool = true) {
        self.name = name
        self.inChannels = inChannels
        self.outChannels = outChannels
        self.width = width
        self.hasBias = hasBias
    }

    package var parameters: [Parameter] {
        let weight = Parameter("\(name).weight", [outChannels, inChannels], .uniform(fanIn: inChannels))
        return hasBias ? [weight, Parameter("\(name).bias", [outChannels], .uniform(fanIn: inChannels))] : [weight]
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard !inputs.isEmpty, inputs[0].channels == inChannels else {
            throw .shape(node: "", expected: "\(inChannels) channels", found: "\(inputs)")
        }
        let output = inputs[0].with(channels: outChannels)
        try output.checkAdded(inputs.dropFirst(), isAdding: isAdding)
        return output
    }

    package var backwardReads: BackwardReads { BackwardReads(inputs: 1) }

    package func scratchCount(_ call: CallShape) -> Int { product(call).scratchCount(call) }

    package func forward(_ call: OperatorCall) { product(call.shape).forward(call) }

    package func backward(_ call: OperatorCall) {
        product(call.shape).backward(call)
        if isAdding { call.passGradient(toInput: 1) }
    }

    private func product(_ call: CallShape) -> PixelProduct {
        PixelProduct(rows: call.batch * call.output.pixels, inChannels: inChannels, outChannels: outChannels)
    }

    package func adding() -> Linear? {
        guard !isAdding else { return nil }
        var adding = self
        adding.isAdding = true
        return adding
    }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels {
        let output = coupling.layer(name, outChannels: outChannels, input: inputs[0], width: width, hasBias: hasBias)
        if isAdding { coupling.unify(inputs[1], output) }
        return output
    }

    package func cut(_ kept: KeptChannels) -> Linear {
        var cut = Linear(name, in: kept.inputs[0].count, out: kept.output.count, width: width, hasBias: hasBias)
        cut.isAdding = isAdding
        return cut
    }

    /// The input's pixels.
    package var linearForm: LinearForm? { .product(columns: inChannels, hasBias: hasBias) }

    package func linearRows(_ call: OperatorCall, _ pixels: Range<Int>, into rows: UnsafeMutablePointer<Float>) {
        rows.update(from: call.inputs[0] + pixels.lowerBound * inChannels, count: pixels.count * inChannels)
    }

    package func multiplyAccumulates(inputs: [Shape], output: Shape) -> Int { output.count * inChannels }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let layout = inputs[0].layout == .vector ? .vector : graph.pixelLayout(of: inputs[0])
        let weight = graph.parameter(parameters[0])
        let transposed = graph.once("transposed \(weight)") { $0.add("Transpose", [weight], ["perm": .integers([1, 0])]) }
        var product = graph.add("MatMul", [graph.value(inputs[0], in: layout), transposed])
        if hasBias { product = graph.sum(product, graph.parameter(parameters[1])) }
        return graph.sum(of: [OnnxValue(product, layout, channels: outChannels)] + inputs.dropFirst())
    }
}
