import Engine
import Foundation
import Testing

/// Against transformers' outputs: Tests/Fixtures/text/encoders, made by make_text_golden.py.
@Suite struct CLIPTextModelTests {
    private func output(_ name: String, weights file: String) throws -> (found: [Float], expected: [Float]) {
        let folder = "text/encoders/\(name)"
        let golden = try Golden.tensors("\(folder)/golden.safetensors")
        let (ids, expected) = (try #require(golden["ids"]), try #require(golden["output"]))
        let source = try WeightsFile.open(path: GoldenFile.url("\(folder)/\(file)").path, name: file)
        let configuration = try CLIPTextConfiguration(json: Golden.data("\(folder)/config.json"))
        let checkpoint = try TextEncoderCheckpoint(configuration, weights: source, tokens: ids.shape[1])
        let executor = Executor(
            graph: checkpoint.model.graph, weights: try checkpoint.load(), batch: ids.shape[0], parallel: Parallel(threads: 2))
        for (place, id) in ids.values.enumerated() { executor.input(CLIPTextModel.input).values[place] = id }
        executor.forward()
        let output = executor.output(CLIPTextModel.output)
        #expect([ids.shape[0], output.shape.width, output.shape.channels] == expected.shape)
        return (Array(UnsafeBufferPointer(start: output.values, count: expected.values.count)), expected.values)
    }

    @Test(arguments: [("quick", "model.safetensors"), ("gelu", "pytorch_model.bin"), ("whole", "model.safetensors")])
    func lastHiddenStateIsTransformers(name: String, file: String) throws {
        let (found, expected) = try output(name, weights: file)
        #expect(relativeError(found, expected) < 1e-5)
    }

    @Test func parametersAreTheCheckpoints() throws {
        let configuration = try CLIPTextConfiguration(json: Golden.data("text/encoders/whole/config.json"))
        let model = try CLIPTextModel(configuration, tokens: 77)
        let tensors = try Golden.tensors("text/encoders/whole/model.safetensors").filter { $0.key.hasPrefix("text_model.") }
        let parameters = Dictionary(uniqueKeysWithValues: model.graph.parameters.map { ($0.name, $0.shape) })
        #expect(parameters == tensors.mapValues(\.shape))
    }

    @Test func aTextIsAtMostAsLongAsThereArePositions() throws {
        let configuration = try CLIPTextConfiguration(json: Golden.data("text/encoders/whole/config.json"))
        #expect(throws: GraphError.self) { try CLIPTextModel(configuration, tokens: 78) }
    }
}
