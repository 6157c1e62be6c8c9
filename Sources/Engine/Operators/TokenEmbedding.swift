/// For every pixel the row of a learned table that its number names, a token's id, plus the row of another that its place names
/// (transformers' `CLIPTextEmbeddings`). The pixels of a sample are the tokens of its text.
package struct TokenEmbedding: Operator {
    let name: String
    let rows: Int
    let positions: Int
    let channels: Int

    /// - Parameters:
    ///   - name: the checkpoint's prefix of `.token_embedding.weight` (rows × channels) and `.position_embedding.weight` (positions × channels).
    ///   - positions: the most tokens of a text.
    package init(_ name: String, rows: Int, positions: Int, channels: Int) {
        self.name = name
        self.rows = rows
        self.positions = positions
        self.channels = channels
    }

    package var parameters: [Parameter] {
        [
            Parameter("\(name).token_embedding.weight", [rows, channels], .normal),
            Parameter("\(name).position_embedding.weight", [positions, channels], .normal),
        ]
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs.count == 1, inputs[0].channels == 1, (1...positions).contains(inputs[0].pixels) else {
            throw .shape(node: "", expected: "1 to \(positions) numbers, one channel", found: "\(inputs)")
        }
        return inputs[0].with(channels: channels)
    }

    package var backwardReads: BackwardReads { BackwardReads(inputs: 1) }

    private func row(_ call: OperatorCall, _ pixel: Int) -> Int {
        Int(min(max(call.inputs[0][pixel], 0), Float(rows - 1)))
    }

    package func forward(_ call: OperatorCall) {
        let pixels = call.shape.output.pixels
        call.parallel.ranges(call.batch * pixels, grain: 64) { range in
            for pixel in range {
                Elementwise.map(
                    channels, call.parameters[0] + row(call, pixel) * channels, call.parameters[1] + pixel % pixels * channels,
                    into: call.output + pixel * channels
                ) { $0 + $1 }
            }
        }
    }

    /// A token that comes twice gets both gradients.
    package func backward(_ call: OperatorCall) {
        let pixels = call.shape.output.pixels
        for pixel in 0..<call.batch * pixels {
            let dy = call.outputGradient + pixel * channels
            Elementwise.add(channels, dy, to: call.parameterGradients[0] + row(call, pixel) * channels)
            Elementwise.add(channels, dy, to: call.parameterGradients[1] + pixel % pixels * channels)
        }
    }

    /// No channel can be cut: a text encoder runs as it is.
    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels { coupling.fixed(channels) }

    /// Ids beyond the table, and more tokens than positions, are refused by the runtime.
    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let (table, positions) = (graph.parameter(parameters[0]), graph.parameter(parameters[1]))
        let length = graph.add("Shape", [inputs[0].name], ["start": .integer(1), "end": .integer(2)])
        let places = graph.add("Slice", [positions, graph.constant([0]), length, graph.constant([0])])
        let tokens = graph.add("Gather", [table, inputs[0].name])
        return OnnxValue(graph.sum(tokens, places), .pixels(grid: nil), channels: channels)
    }
}
