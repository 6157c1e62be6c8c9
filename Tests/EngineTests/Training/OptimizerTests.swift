import Engine
import Testing

@Suite struct OptimizerTests {
    /// Moments, and for SOAP two squares for every axis of what is turned, and what each thread works in.
    @Test(arguments: [1, 3]) func whatTheyHoldIsReckonedFromTheWeights(threads: Int) throws {
        let (model, _) = try Golden.unet("learned")
        let parallel = Parallel(threads: threads)
        let count = model.graph.parameterCount
        var (sides, largest, widest) = (0, 0, 0)
        for node in model.graph.nodes {
            for parameter in node.operation.parameters {
                largest = max(largest, parameter.count)
                // Tables, of which this network has one, are not turned.
                guard parameter.shape.count > 1, parameter.initialization != .normal else { continue }
                let axes = Array(parameter.shape[..<2]) + (parameter.shape.count == 4 ? [parameter.shape[2] * parameter.shape[3]] : [])
                sides += axes.filter { $0 > 1 }.reduce(0) { $0 + $1 * $1 }
                widest = max(widest, axes.max() ?? 0)
            }
        }
        #expect(sides > 0)
        #expect(OptimizerName.adamw.bytes(model.graph, parallel) == 4 * 2 * count)
        #expect(OptimizerName.soap.bytes(model.graph, parallel) == 4 * (2 * (count + sides) + threads * (largest + 2 * widest * widest)))
        #expect(OptimizerName.adamw.multiplyAccumulates(model.graph) == 0)
        #expect(OptimizerName.soap.multiplyAccumulates(model.graph) > Double(count))
    }
}
