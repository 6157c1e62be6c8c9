/// A row of a learned table (`nn.Embedding`) for the whole number that comes in: a timestep or a class.
package struct Embedding: Operator {
    let name: String
    let rows: Int
    let channels: Int
    /// Whether no channel can be cut.
    let isFixed: Bool

    /// - Parameters:
    ///   - name: the checkpoint's prefix of `.weight` (rows × channels).
    ///   - isFixed: whether every channel stays: the table of timesteps follows `block_out_channels[0]` and is refitted, not cut, when that
    ///     changes.
    package init(_ name: String, rows: Int, channels: Int, isFixed: Bool) {
        self.name = name
        self.rows = rows
        self.channels = channels
        self.isFixed = isFixed
    }

    package var parameters: [Parameter] { [Parameter("\(name).weight", [rows, channels], .normal)] }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs == [.vector(1)] else {
            throw .shape(node: "", expected: "one number", found: "\(inputs)")
        }
        return .vector(channels)
    }

    package var backwardReads: BackwardReads { BackwardReads(inputs: 1) }

    private func row(_ call: OperatorCall, _ image: Int) -> Int {
        Int(min(max(call.inputs[0][image], 0), Float(rows - 1)))
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

    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels {
        isFixed ? coupling.fixed(channels) : coupling.table(name, channels: channels)
    }

    package func cut(_ kept: KeptChannels) -> Embedding {
        Embedding(name, rows: rows, channels: kept.output.count, isFixed: isFixed)
    }

    /// Numbers beyond the table are refused by the runtime, as PyTorch refuses them.
    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let numbers = graph.add("Squeeze", [inputs[0].name, graph.constant([1])])
        let indices = graph.add("Cast", [numbers], ["to": .integer(OnnxType.int64.rawValue)])
        return OnnxValue(graph.add("Gather", [graph.parameter(parameters[0]), indices]), .vector, channels: channels)
    }
}
