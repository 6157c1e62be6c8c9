/// In which form a network is handed what goes into it, by the names and dimensions that optimum gives them
/// (`optimum/exporters/onnx/model_configs.py` of github.com/huggingface/optimum-onnx).
enum OnnxInput: Sendable {
    /// (batch, channels, height, width).
    case map(height: String, width: String)
    /// (batch, tokens, channels).
    case tokens
    /// A number for the whole batch, as optimum's pipelines hand in timesteps; the runtimes take one for each sample too.
    case number
    /// (batch): a class for each sample, whole numbers.
    case classes
    /// (batch, channels).
    case vector
    /// (batch, tokens), whole numbers.
    case indices

    static let batch = OnnxDimension.free("batch_size")
    static let tokenCount = OnnxDimension.free("sequence_length")

    /// Declares the input and returns it as operators read it.
    ///
    /// - Parameters:
    ///   - shape: what the engine's graph takes.
    ///   - first: an input of the whole batch that was declared before; nil of the first.
    func declare(_ name: String, _ shape: Shape, after first: String?, in graph: inout OnnxGraph) -> OnnxValue {
        let channels = shape.channels
        switch self {
        case .map(let height, let width):
            graph.addInput(OnnxPort(name, .float, [Self.batch, .fixed(channels), .free(height), .free(width)]))
            return OnnxValue(name, .map, channels: channels)
        case .tokens:
            graph.addInput(OnnxPort(name, .float, [Self.batch, Self.tokenCount, .fixed(channels)]))
            return OnnxValue(name, .pixels(grid: nil), channels: channels)
        case .number:
            graph.addInput(OnnxPort(name, .float, []))
            let column = graph.add("Reshape", [name, graph.constant([-1, 1])])
            guard let first else { return OnnxValue(column, .vector, channels: 1) }
            let batch = graph.add("Shape", [first], ["start": .integer(0), "end": .integer(1)])
            let sides = graph.add("Concat", [batch, graph.constant([1])], ["axis": .integer(0)])
            return OnnxValue(graph.add("Expand", [column, sides]), .vector, channels: 1)
        case .classes:
            graph.addInput(OnnxPort(name, .int64, [Self.batch]))
            let numbers = graph.add("Cast", [name], ["to": .integer(OnnxType.float.rawValue)])
            return OnnxValue(graph.add("Unsqueeze", [numbers, graph.constant([1])]), .vector, channels: 1)
        case .vector:
            graph.addInput(OnnxPort(name, .float, [Self.batch, .fixed(channels)]))
            return OnnxValue(name, .vector, channels: channels)
        case .indices:
            graph.addInput(OnnxPort(name, .int64, [Self.batch, Self.tokenCount]))
            return OnnxValue(name, .indices, channels: 1)
        }
    }
}
