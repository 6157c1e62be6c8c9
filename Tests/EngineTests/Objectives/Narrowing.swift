import Engine
import Foundation

/// A network that takes no timestep and predicts no noise: pixel by pixel through a narrower layer and back.
struct Narrowing: Architecture {
    static let className = "Narrowing"
    let graph: Graph
    let config = Data("{}".utf8)
    let warnings: [String] = []
    let objectives: [ObjectiveName] = [.reconstruction]
    let sampleShape = Shape(height: 3, width: 2, channels: 4)

    init(json: Data, shapes: [String: [Int]]) throws(ArchitectureError) {
        do { graph = try Self.layers(sampleShape) } catch { throw .graph(error) }
    }

    private static func layers(_ shape: Shape) throws(GraphError) -> Graph {
        var graph = Graph()
        let picture = try graph.add("picture", Input(shape))
        var hidden = try graph.add("down", Linear("down", in: shape.channels, out: 3, width: .own), [picture])
        hidden = try graph.add("activation", SiLU(), [hidden])
        graph.addOutput("reconstruction", try graph.add("up", Linear("up", in: 3, out: shape.channels, width: .own), [hidden]))
        return graph
    }

    func pruned(to cut: Graph, widths: Widths, steps: Int) throws -> Narrowing { self }

    /// The loss of reconstruction in double precision, as the one number of a twin's output.
    static let loss = Twin { inputs, parameters in
        let hidden = Twin.silu([Twin.linear(inputs, Array(parameters[..<2]))])
        let squares = zip(Twin.linear([hidden], Array(parameters[2...])).values, inputs[0].values).map { ($0 - $1) * ($0 - $1) }
        return Samples(batch: 1, shape: .vector(1), values: [squares.reduce(0, +) / Double(squares.count)])
    }
}
