import Engine
import Testing

/// That the forms compute the same is held by Tests/Interop/onnx_layout.py, on whole networks.
struct OnnxFormTests {
    /// A value for each shape: vectors for single pixels, maps for all others.
    private func inputs(_ shapes: [Shape], in graph: inout OnnxGraph) -> [OnnxValue] {
        shapes.enumerated().map { index, shape in
            let isVector = shape.pixels == 1
            let sides: [OnnxDimension] = isVector ? [] : [.free("height"), .free("width")]
            graph.addInput(OnnxPort("x\(index)", .float, [.free("batch"), .fixed(shape.channels)] + sides))
            return OnnxValue("x\(index)", isVector ? .vector : .map, channels: shape.channels)
        }
    }

    /// Whether every value is there before it is read, and none twice.
    private func expectOrder(of graph: OnnxGraph, _ name: String) {
        var known = Set([""] + graph.inputs.map(\.name) + graph.tensors.map(\.name))
        #expect(known.count == 1 + graph.inputs.count + graph.tensors.count, "\(name)")
        for node in graph.nodes {
            #expect(node.inputs.allSatisfy(known.contains), "\(name): \(node.name)")
            for output in node.outputs { #expect(known.insert(output).inserted, "\(name): \(output)") }
        }
    }

    @Test func everyOperatorHasAFormOfAsManyChannelsAndNamesItsParameters() throws {
        for each in OperatorCases.all {
            var graph = OnnxGraph()
            graph.scope = "node"
            let result = each.operation.onnx(inputs(each.inputs, in: &graph), in: &graph)
            #expect(try result.channels == each.operation.outputShape(of: each.inputs).channels, "\(each.name)")
            let parameters = graph.tensors.filter { if case .parameter = $0.content { true } else { false } }
            #expect(Set(parameters.map(\.name)) == Set(each.operation.parameters.map(\.name)), "\(each.name)")
            for parameter in each.operation.parameters {
                #expect(parameters.first { $0.name == parameter.name }?.dimensions == parameter.shape, "\(each.name)")
            }
            #expect(result.name == "x0" || graph.nodes.contains { $0.outputs.contains(result.name) }, "\(each.name)")
            expectOrder(of: graph, each.name)
        }
    }

    /// As graphs have them whose sums are folded into layers.
    @Test func aLayerThatAddsAnInputDoesSoInItsForm() throws {
        let map = Shape(height: 4, width: 3, channels: 2)
        for second in [Shape.vector(5), Shape(height: 4, width: 3, channels: 5)] {
            let convolution = try #require(Conv2d("conv", in: 2, out: 5).adding())
            let linear = try #require(Linear("linear", in: 2, out: 5, width: .own).adding())
            for operation: any Operator in [convolution, linear] {
                var graph = OnnxGraph()
                let result = operation.onnx(inputs([map, second], in: &graph), in: &graph)
                let last = try #require(graph.nodes.last)
                #expect(last.type == "Add" && last.outputs == [result.name] && result.channels == 5)
                expectOrder(of: graph, "\(operation)")
            }
        }
    }

    /// A value that two read is brought into their layout once.
    @Test func layoutsAreShared() {
        var graph = OnnxGraph()
        let map = inputs([Shape(height: 4, width: 3, channels: 2)], in: &graph)
        let first = Linear("a", in: 2, out: 4, width: .own).onnx(map, in: &graph)
        let second = Linear("b", in: 2, out: 4, width: .own).onnx(map, in: &graph)
        #expect(graph.nodes.count { $0.type == "Reshape" } == 1)
        let joined = Concat().onnx([first, second], in: &graph)
        #expect(joined.layout == .pixels(grid: "x0") && joined.channels == 8)
        #expect(graph.map(joined) == graph.map(joined))
        #expect(graph.nodes.count { $0.type == "Reshape" } == 2)
    }
}
