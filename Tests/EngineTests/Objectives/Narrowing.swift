import Engine
import Foundation

/// A network that takes no timestep and predicts no noise: pixel by pixel through a layer of another width, of 3 channels where tensors do not
/// tell, and back.
struct Narrowing: Architecture {
    static let className = "Narrowing"
    let graph: Graph
    let config = Data("{}".utf8)
    let warnings: [Warning] = []
    let objectives: [ObjectiveName] = [.reconstruction]
    let sampleShape = Shape(height: 3, width: 2, channels: 4)
    let blockOutputs = ["down", "activation"]

    init(json: Data, shapes: [String: [Int]]) throws(ArchitectureError) {
        do { graph = try Self.layers(sampleShape, width: shapes["down.weight"]?[0] ?? 3) } catch { throw .graph(error) }
    }

    private static func layers(_ shape: Shape, width: Int) throws(GraphError) -> Graph {
        var graph = Graph()
        let picture = try graph.add("sample", Input(shape))
        var hidden = try graph.add("down", Linear("down", in: shape.channels, out: width, width: .own), [picture])
        hidden = try graph.add("activation", Activation(.silu), [hidden])
        graph.addOutput("reconstruction", try graph.add("up", Linear("up", in: width, out: shape.channels, width: .own), [hidden]))
        return graph
    }

    func pruned(to cut: Graph, widths: Widths, steps: Int?) throws -> Narrowing { self }

    /// What the layer, its activation and the layer back give, in double precision.
    static func outputs(_ inputs: [Samples], _ parameters: [PlainTensor]) -> (down: Samples, activation: Samples, up: Samples) {
        let down = Twin.linear(inputs, Array(parameters[..<2]))
        let activation = Twin.silu([down])
        return (down, activation, Twin.linear([activation], Array(parameters[2...])))
    }

    /// mean((a - b)²)
    static func meanSquare(_ a: Samples, _ b: Samples) -> Double {
        zip(a.values, b.values).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(a.values.count)
    }

    /// The loss of reconstruction in double precision, as the one number of a twin's output.
    static let loss = Twin { inputs, parameters in
        Samples(batch: 1, shape: .vector(1), values: [meanSquare(outputs(inputs, parameters).up, inputs[0])])
    }
}
