import Engine
import Testing

@Suite struct GraphTests {
    @Test func aNodeThatDoesNotFitIsNamedAndNotAdded() throws {
        var graph = Graph()
        let sample = try graph.add("sample", Input(Shape(height: 4, width: 4, channels: 3)))
        #expect(throws: GraphError.self) { try graph.add("conv_in", Conv2d("conv_in", in: 4, out: 8), [sample]) }
        #expect(graph.nodes.map(\.name) == ["sample"])
        do throws(GraphError) {
            try graph.add("conv_in", Conv2d("conv_in", in: 4, out: 8), [sample])
        } catch {
            #expect(error.description.hasPrefix("conv_in: expected 4 channels, found "))
        }
    }

    @Test func nodesKnowTheirShapesAndTheGraphSumsThemUp() throws {
        var graph = Graph()
        let sample = try graph.add("sample", Input(Shape(height: 6, width: 4, channels: 3)))
        let first = try graph.add("first", Conv2d("first", in: 3, out: 5, stride: 2), [sample])
        let norm = try graph.add("norm", GroupNorm("norm", channels: 5, groups: 5, epsilon: 1e-6), [first])
        let second = try graph.add("second", Linear("second", in: 5, out: 2, width: .own), [norm])
        graph.addOutput("out_sample", second)
        #expect(graph.output("out_sample") == graph.nodes[second].shape && graph.output("second") == nil)
        #expect(graph.input("sample") == graph.nodes[sample].shape && graph.input("first") == nil)
        #expect(graph.nodes[first].shape == Shape(height: 3, width: 2, channels: 5))
        #expect(graph.nodes[second].shape == Shape(height: 3, width: 2, channels: 2))
        #expect(graph.parameters.map(\.name) == ["first.weight", "first.bias", "norm.weight", "norm.bias", "second.weight", "second.bias"])
        #expect(graph.parameterCount == 5 * 3 * 9 + 5 + 5 + 5 + 10 + 2)
        #expect(graph.multiplyAccumulates == 6 * 5 * 3 * 9 + 6 * 5 * 2)
    }

    @Test func everyErrorNamesItsTensor() {
        #expect(GraphError.missingTensor("a.weight").description == "tensor a.weight is missing")
        #expect(GraphError.unexpectedTensor("b").description == "tensor b is not part of this architecture")
        #expect(
            GraphError.tensorShape(name: "c", expected: [2, 3], found: [3, 2]).description == "tensor c has shape [3, 2], expected [2, 3]")
    }
}
