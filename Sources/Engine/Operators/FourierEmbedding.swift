import Foundation

/// The embedding of a number by stored frequencies (diffusers' `GaussianFourierProjection`): t → (sin(2π · w · t), cos(2π · w · t)), or
/// cosines first, or of ln t, as a noise level is told (arXiv 2011.13456). The frequencies w are never trained.
package struct FourierEmbedding: Operator {
    let name: String
    let frequencies: Int
    let takesLogarithm: Bool
    let flipSinToCos: Bool
    /// How fresh frequencies are drawn.
    private let initialization: Parameter.Initialization

    /// - Parameters:
    ///   - name: the checkpoint's prefix of `.weight` (frequencies).
    ///   - takesLogarithm: whether the number is a noise level, whose logarithm counts.
    ///   - flipSinToCos: cosines first.
    package init(_ name: String, frequencies: Int, takesLogarithm: Bool = true, flipSinToCos: Bool = false) {
        self.name = name
        self.frequencies = frequencies
        self.takesLogarithm = takesLogarithm
        self.flipSinToCos = flipSinToCos
        initialization = takesLogarithm ? .frequencies(deviation: 16, draws: 2) : .frequencies(deviation: 1, draws: 1)
    }

    package var parameters: [Parameter] { [Parameter("\(name).weight", [frequencies], initialization)] }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs == [.vector(1)] else {
            throw .shape(node: "", expected: "one number", found: "\(inputs)")
        }
        return .vector(2 * frequencies)
    }

    package func forward(_ call: OperatorCall) {
        for image in 0..<call.batch {
            // As in PyTorch: each product is rounded to float32, and so is π, to the nearest (`Float.pi` is the one below).
            let number = takesLogarithm ? Foundation.log(call.inputs[0][image]) : call.inputs[0][image]
            let target = call.output + image * 2 * frequencies
            let (sines, cosines) = flipSinToCos ? (target + frequencies, target) : (target, target + frequencies)
            for k in 0..<frequencies {
                let angle = number * call.parameters[0][k] * 2 * Float(Double.pi)
                sines[k] = Foundation.sin(angle)
                cosines[k] = Foundation.cos(angle)
            }
        }
    }

    package func backward(_ call: OperatorCall) {}

    /// A frequency cannot be cut alone, as both of its channels come from it: they are chosen anew where the first block is narrower.
    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels { coupling.fixed(2 * frequencies) }

    package func onnx(_ inputs: [OnnxValue], in graph: inout OnnxGraph) -> OnnxValue {
        let number = takesLogarithm ? graph.add("Log", [inputs[0].name]) : inputs[0].name
        let angles = graph.product(graph.product(graph.product(number, graph.parameter(parameters[0])), 2), Float(Double.pi))
        let waves = [graph.add("Sin", [angles]), graph.add("Cos", [angles])]
        let joined = graph.add("Concat", flipSinToCos ? waves.reversed() : waves, ["axis": .integer(1)])
        return OnnxValue(joined, .vector, channels: 2 * frequencies)
    }
}
