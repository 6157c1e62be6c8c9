import Documents
import Engine
import Foundation
import Testing

/// What the engine makes of an architecture that says no more than it must.
@Suite struct ArchitectureTests {
    /// Two convolutions, as wide between them as `width` says.
    struct TwoConvolutions: Architecture {
        static let className = "TwoConvolutions"
        let graph: Graph
        let config: Data
        let warnings: [Warning] = []
        let objectives: [ObjectiveName] = [.noisePrediction]

        init(json: Data, shapes: [String: [Int]]) throws(ArchitectureError) {
            guard let width = (try? JSON(parsing: json))?["width"]?.integer else {
                throw .configuration(.missing(key: "width", expected: "a number"))
            }
            do { graph = try Self.layers(width: width) } catch { throw .graph(error) }
            config = json
        }

        private static func layers(width: Int) throws(GraphError) -> Graph {
            var graph = Graph()
            let sample = try graph.add("sample", Input(Shape(height: 4, width: 4, channels: 3)))
            try graph.add("timestep", Input(.vector(1)))
            let hidden = try graph.add("first", Conv2d("first", in: 3, out: width, width: .own), [sample])
            graph.addOutput("out_sample", try graph.add("second", Conv2d("second", in: width, out: 3), [hidden]))
            return graph
        }

        init(width: Int) throws { try self.init(json: Data(#"{"width": \#(width)}"#.utf8), shapes: [:]) }

        func pruned(to cut: Graph, widths: Widths, steps: Int?) throws -> TwoConvolutions {
            try TwoConvolutions(width: cut.parameters[0].shape[0])
        }
    }

    @Test func weightsAreDrawnInTheOrderOfTheGraph() throws {
        let trained = TrainedModel(initializing: try TwoConvolutions(width: 6), seed: 3)
        var generator = TorchGenerator(seed: 3)
        for (index, parameter) in trained.weights.parameters.enumerated() {
            let fanIn = parameter.name.hasPrefix("first") ? 27 : 54
            let bound = Float(1 / Double(fanIn).squareRoot())
            #expect(trained.weights.torchOrder(index) == generator.uniform(parameter.count, from: -bound, to: bound), "\(parameter.name)")
        }
    }

    @Test func everyParameterOfAPrunedOneIsASlice() throws {
        let trained = TrainedModel(initializing: try TwoConvolutions(width: 6), seed: 3)
        let selection = Selection(ratio: 0.5, widths: .free, blockRules: trained.model.blockRules)
        let chosen = try trained.selectChannels(.magnitude, importance: nil, seed: 0, selection: selection)
        let kept = try #require(chosen.first).kept
        #expect(chosen.map(\.group.name) == ["first"] && kept.count == 3)
        let pruned = try trained.pruned(kept: [kept], widths: .free, steps: 10)
        #expect(pruned.model is TwoConvolutions)
        #expect(pruned.model.config == Data(#"{"width": 3}"#.utf8))
        for name in ["first.weight", "first.bias", "second.weight", "second.bias"] {
            let (before, after) = try (#require(trained.weights.index(of: name)), #require(pruned.weights.index(of: name)))
            let whole = PlainTensor(
                shape: trained.weights.parameters[before].shape, values: trained.weights.torchOrder(before).map(Double.init))
            let isFirst = name.hasPrefix("first")
            let slice = whole.keeping(rows: isFirst ? kept : nil, columns: name == "second.weight" ? kept : nil)
            #expect(pruned.weights.torchOrder(after) == slice.values.map { Float($0) }, "\(name)")
        }
    }

    @Test(arguments: [#""TwoConvolutions""#, "3"]) func aClassThatNoneHasIsRefusedWithTheNamesThereAre(name: String) throws {
        let known = Architectures.known.map { "\"\($0.className)\"" }.joined(separator: " or ")
        #expect(
            throws: CheckpointError.configuration(
                path: "config.json", .invalid(key: "_class_name", expected: known, found: name))
        ) {
            try DiffusionCheckpoint(config: Data(#"{"_class_name": \#(name)}"#.utf8), initializingFrom: 0, scheduler: nil)
        }
    }

    @Test func everyArchitectureHasANameOfItsOwn() {
        #expect(Set(Architectures.known.map { $0.className }).count == Architectures.known.count)
    }
}
