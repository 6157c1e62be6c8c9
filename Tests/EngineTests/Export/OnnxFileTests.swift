import Engine
import Testing

/// A model of one layer, taken apart again.
struct OnnxFileTests {
    /// y = x + b, b a parameter of three numbers, and the constant 2 times it.
    private func graph(formats: [String: OnnxType] = [:]) -> OnnxGraph {
        var graph = OnnxGraph(formats: formats)
        graph.addInput(OnnxPort("x", .float, [.free("batch"), .fixed(3)]))
        graph.scope = "layer"
        let bias = graph.parameter("layer.bias", [3])
        let sum = graph.add("Mul", [graph.add("Add", ["x", bias]), graph.constant(2)], ["note": .integers([1, 300])])
        graph.addOutput(OnnxPort("y", .float, [.free("batch"), .fixed(3)]), sum)
        return graph
    }

    private func file(_ graph: OnnxGraph, type: ScalarType = .float32, largestModel: Int = 1000) -> OnnxFile {
        OnnxFile(
            graph, places: ["layer.bias": TensorPlace(type: type, offset: 64, count: 3)], dataName: "model.onnx_data",
            producer: ("pruner", "1"), largestModel: largestModel)
    }

    /// The file's bytes, what is stored being read as sevens.
    private func bytes(_ pieces: [OnnxFile.Piece]) -> [UInt8] {
        pieces.flatMap { piece -> [UInt8] in
            switch piece {
            case .bytes(let bytes): bytes
            case .stored(_, let count): [UInt8](repeating: 7, count: count)
            }
        }
    }

    private struct EndOfMessage: Error {}

    /// Fields of a message by number, in order: varints as numbers, the rest as bytes.
    private struct Fields {
        var numbers: [(field: Int, value: Int)] = []
        var texts: [(field: Int, value: [UInt8])] = []

        init(_ bytes: [UInt8]) throws {
            var rest = bytes[...]
            func varint() throws -> Int {
                var (value, shift) = (0, 0)
                while true {
                    guard let byte = rest.popFirst() else { throw EndOfMessage() }
                    value |= Int(byte & 0x7F) << shift
                    shift += 7
                    if byte < 0x80 { return value }
                }
            }
            while !rest.isEmpty {
                let key = try varint()
                switch key & 7 {
                case 0: numbers.append((key >> 3, try varint()))
                case 2:
                    let count = try varint()
                    try #require(count <= rest.count)
                    texts.append((key >> 3, Array(rest.prefix(count))))
                    rest = rest.dropFirst(count)
                default: Issue.record("wire type \(key & 7)")
                }
            }
        }

        func all(_ field: Int) -> [[UInt8]] { texts.filter { $0.field == field }.map(\.value) }
        func text(_ field: Int) -> String? { all(field).first.map { String(decoding: $0, as: UTF8.self) } }
        func number(_ field: Int) -> Int? { numbers.first { $0.field == field }?.value }
    }

    @Test func aModelHasItsNodesTensorsAndPorts() throws {
        let file = file(graph())
        #expect(file.data.isEmpty)
        #expect(file.model.contains(.stored(offset: 64, count: 12)))
        let model = try Fields(bytes(file.model))
        #expect(model.number(1) == 8 && model.text(2) == "pruner" && model.text(3) == "1")
        #expect(try Fields(model.all(8)[0]).number(2) == 18)
        let graph = try Fields(model.all(7)[0])
        let nodes = try graph.all(1).map { try Fields($0) }
        #expect(nodes.map { $0.text(4) } == ["Add", "Mul", "Identity"])
        #expect(nodes[0].all(1).map { String(decoding: $0, as: UTF8.self) } == ["x", "layer.bias"])
        #expect(nodes[0].text(2) == "/layer/Add" && nodes[2].text(2) == "y")
        let attribute = try Fields(nodes[1].all(5)[0])
        #expect(attribute.text(1) == "note" && attribute.number(20) == 7)
        #expect(attribute.numbers.filter { $0.field == 8 }.map(\.value) == [1, 300])
        let tensors = try graph.all(5).map { try Fields($0) }
        #expect(tensors.map { $0.text(8) } == ["layer.bias", "/constant"])
        #expect(tensors.map { $0.number(2) } == [1, 1])
        #expect(tensors[0].number(1) == 3 && tensors[1].number(1) == nil)
        #expect(tensors.map { $0.all(9)[0].count } == [12, 4])
        let input = try Fields(graph.all(11)[0])
        let shape = try Fields(Fields(Fields(input.all(2)[0]).all(1)[0]).all(2)[0])
        let sides = try shape.all(1).map { try Fields($0) }
        #expect(input.text(1) == "x" && sides[0].text(2) == "batch" && sides[1].number(1) == 3)
        #expect(try Fields(graph.all(12)[0]).text(1) == "y")
    }

    @Test func largeWeightsHaveAFileBesideTheModel() throws {
        var graph = graph()
        _ = graph.parameter("more", [5])
        let places = [
            "layer.bias": TensorPlace(type: .float32, offset: 64, count: 3), "more": TensorPlace(type: .float32, offset: 100, count: 5),
        ]
        let file = OnnxFile(graph, places: places, dataName: "beside", producer: ("pruner", "1"), largestModel: 31)
        #expect(
            file.data.filter { if case .stored = $0 { true } else { false } } == [
                .stored(offset: 64, count: 12), .stored(offset: 100, count: 20),
            ])
        #expect(bytes(file.data).count == 4096 + 20)
        #expect(file.model.allSatisfy { if case .bytes = $0 { true } else { false } })
        let tensors = try Fields(Fields(bytes(file.model)).all(7)[0]).all(5).map { try Fields($0) }
        let external = tensors.filter { $0.number(14) == 1 }
        #expect(external.map { $0.text(8) } == ["layer.bias", "more"])
        let entries = try external.map { tensor in try tensor.all(13).map { try Fields($0) }.map { [$0.text(1), $0.text(2)] } }
        #expect(entries[0] == [["location", "beside"], ["offset", "0"], ["length", "12"]])
        #expect(entries[1] == [["location", "beside"], ["offset", "4096"], ["length", "20"]])
    }

    @Test func halfPrecisionStaysAsItIsStored() throws {
        let file = file(graph(formats: ["layer.bias": .float16]), type: .float16)
        #expect(file.model.contains(.stored(offset: 64, count: 6)))
        let graph = try Fields(Fields(bytes(file.model)).all(7)[0])
        #expect(try Fields(graph.all(5)[0]).number(2) == 10)
        let nodes = try graph.all(1).map { try Fields($0) }
        #expect(nodes.map { $0.text(4) } == ["Cast", "Add", "Mul", "Identity"])
        #expect(nodes[1].all(1).map { String(decoding: $0, as: UTF8.self) } == ["x", "/layer/Cast"])
    }
}
