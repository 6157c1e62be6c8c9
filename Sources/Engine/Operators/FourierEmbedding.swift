import Foundation

/// The embedding of a noise level by random frequencies (diffusers' `GaussianFourierProjection` with `log=True`, arXiv 2011.13456):
/// t → (sin(2π · w · ln t), cos(2π · w · ln t)), or cosines first. The frequencies w are stored but never trained.
package struct FourierEmbedding: Operator {
    let name: String
    let frequencies: Int

    /// - Parameter name: the checkpoint's prefix of `.weight` (frequencies).
    package init(_ name: String, frequencies: Int) {
        self.name = name
        self.frequencies = frequencies
    }

    package var parameters: [Parameter] { [Parameter("\(name).weight", [frequencies], .frequencies)] }

    package func outputShape(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs == [.vector(1)] else {
            throw .shape(node: "", expected: "one number", found: "\(inputs)")
        }
        return .vector(2 * frequencies)
    }

    package func forward(_ call: OperatorCall) {
        for image in 0..<call.batch {
            // As in PyTorch: each product is rounded to float32, and so is π, to the nearest (`Float.pi` is the one below).
            let logarithm = Foundation.log(call.inputs[0][image])
            let target = call.output + image * 2 * frequencies
            for k in 0..<frequencies {
                let angle = logarithm * call.parameters[0][k] * 2 * Float(Double.pi)
                target[k] = Foundation.sin(angle)
                target[frequencies + k] = Foundation.cos(angle)
            }
        }
    }

    package func backward(_ call: OperatorCall) {}

    /// A frequency cannot be cut alone, as both of its channels come from it: they are chosen anew where the first block is narrower.
    package func couple(_ inputs: [Channels], in coupling: inout ChannelCoupling) -> Channels { coupling.fixed(2 * frequencies) }
}
