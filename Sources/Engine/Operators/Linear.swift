/// y = x · Wᵀ + b for every pixel (`nn.Linear`; a vector is a map of one pixel).
package struct Linear: Operator {
    let name: String
    let inChannels: Int
    let outChannels: Int
    let width: WidthRule

    /// - Parameters:
    ///   - name: the checkpoint's prefix of `.weight` (out × in) and `.bias`.
    ///   - width: what decides the output's width when a model keeps one width per block.
    package init(_ name: String, in inChannels: Int, out outChannels: Int, width: WidthRule) {
        self.name = name
        self.inChannels = inChannels
        self.outChannels = outChannels
        self.width = width
    }

    package var parameters: [Parameter] {
        [
            Parameter("\(name).weight", [outChannels, inChannels], .uniform(fanIn: inChannels)),
            Parameter("\(name).bias", [outChannels], .uniform(fanIn: inChannels)),
        ]
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs.count == 1, inputs[0].channels == inChannels else {
            throw .shape(node: "", expected: "\(inChannels) channels", found: "\(inputs)")
        }
        return inputs[0].with(channels: outChannels)
    }

    package var backwardReads: BackwardReads { BackwardReads(inputs: true) }

    package func scratchCount(_ call: CallShape) -> Int { product(call).scratchCount(call) }

    package func preparedCount(_ call: CallShape) -> Int { product(call).preparedCount }

    package func prepare(_ call: OperatorCall, for direction: Direction) { product(call.shape).prepare(call, for: direction) }

    package func forward(_ call: OperatorCall) { product(call.shape).forward(call) }

    package func backward(_ call: OperatorCall) { product(call.shape).backward(call) }

    private func product(_ call: CallShape) -> PixelProduct {
        PixelProduct(rows: call.batch * call.output.pixels, inChannels: inChannels, outChannels: outChannels)
    }

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels {
        coupling.layer(name, outChannels: outChannels, input: inputs[0], width: width)
    }

    package func cut(_ kept: KeptChannels) -> Linear {
        Linear(name, in: kept.inputs[0].count, out: kept.output.count, width: width)
    }

    package func multiplyAccumulates(inputs: [Shape], output: Shape) -> Int { output.count * inChannels }
}
