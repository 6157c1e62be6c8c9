/// A learned embedding of timesteps: row t of a table (`time_embedding_type: "learned"`, `nn.Embedding`).
package struct TimestepTable: Operator {
    let name: String
    let steps: Int
    let channels: Int

    /// A table `name.weight` of steps × channels.
    package init(_ name: String, steps: Int, channels: Int) {
        self.name = name
        self.steps = steps
        self.channels = channels
    }

    package var parameters: [Parameter] { [Parameter("\(name).weight", [steps, channels], .normal)] }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs == [.vector(1)] else {
            throw .shape(node: "", expected: "one timestep", found: "\(inputs)")
        }
        return .vector(channels)
    }

    package var backwardReads: BackwardReads { BackwardReads(inputs: 1) }

    private func row(_ call: OperatorCall, _ image: Int) -> Int {
        min(max(Int(call.inputs[0][image]), 0), steps - 1)
    }

    package func forward(_ call: OperatorCall) {
        for image in 0..<call.batch {
            (call.output + image * channels).update(from: call.parameters[0] + row(call, image) * channels, count: channels)
        }
    }

    package func backward(_ call: OperatorCall) {
        for image in 0..<call.batch {
            Elementwise.add(
                channels, call.outputGradient + image * channels, to: call.parameterGradients[0] + row(call, image) * channels)
        }
    }

    /// The table's width follows `block_out_channels[0]` and is refitted, not cut, when that changes.
    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels {
        coupling.fixed(channels)
    }
}
