import Foundation

/// The sinusoidal embedding of a timestep (diffusers' `get_timestep_embedding`): t → (sin(t·f₀), …, cos(t·f₀), …).
package struct TimestepEmbedding: Operator {
    let channels: Int
    let flipSinToCos: Bool
    let frequencyShift: Float

    /// - Parameters:
    ///   - channels: numbers per timestep; an odd one ends with a zero.
    ///   - flipSinToCos: cosines first.
    ///   - frequencyShift: `downscale_freq_shift`: f_k = 10000^(-k / (channels/2 - shift)).
    package init(channels: Int, flipSinToCos: Bool, frequencyShift: Float) {
        self.channels = channels
        self.flipSinToCos = flipSinToCos
        self.frequencyShift = frequencyShift
    }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs == [.vector(1)] else {
            throw .shape(node: "", expected: "one timestep", found: "\(inputs)")
        }
        return .vector(channels)
    }

    package func forward(_ call: OperatorCall) {
        for image in 0..<call.batch {
            embed(call.inputs[0][image], into: call.output + image * channels)
        }
    }

    /// Writes the embedding of one timestep.
    func embed(_ timestep: Float, into target: UnsafeMutablePointer<Float>) {
        let half = channels / 2
        for k in 0..<half {
            let angle = timestep * frequency(k)
            target[flipSinToCos ? half + k : k] = Foundation.sin(angle)
            target[flipSinToCos ? k : half + k] = Foundation.cos(angle)
        }
        if channels % 2 == 1 { target[channels - 1] = 0 }
    }

    private func frequency(_ k: Int) -> Float {
        // As in PyTorch: the exponent is rounded to float32 before and after the division.
        Foundation.exp(-Float(Foundation.log(10000.0)) * Float(k) / (Float(channels / 2) - frequencyShift))
    }

    package func backward(_ call: OperatorCall) {}

    /// Its channels are given by a formula of their number: none can be taken out.
    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels {
        coupling.fixed(channels)
    }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let frequencies = graph.constant((0..<(channels / 2)).map(frequency), [1, channels / 2])
        let angles = graph.product(inputs[0].name, frequencies)
        let waves = [graph.add("Sin", [angles]), graph.add("Cos", [angles])]
        var joined = graph.add("Concat", flipSinToCos ? waves.reversed() : waves, ["axis": .integer(1)])
        if channels % 2 == 1 { joined = graph.add("Pad", [joined, graph.constant([0, 0, 0, 1])]) }
        return OnnxValue(joined, .vector, channels: channels)
    }
}
