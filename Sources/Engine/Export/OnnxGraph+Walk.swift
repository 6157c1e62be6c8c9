extension OnnxGraph {
    /// A network's graph: one walk, in which every operator appends its form. The sizes for which the network was built are in none of it.
    ///
    /// - Parameter formats: of the parameters that are not stored as float32.
    init(_ graph: Graph, _ interface: OnnxInterface, formats: [String: OnnxType]) {
        self.init(formats: formats)
        var values: [OnnxValue] = []
        for node in graph.nodes {
            scope = node.name
            var given = node.inputs.map { values[$0] }
            if node.inputs.isEmpty {
                // An input that nobody has named is one of pixels, as a network's own is.
                let input = interface.inputs[node.name] ?? .init(name: node.name, form: .map(height: "height", width: "width"))
                given = [input.form.declare(input.name, node.shape, after: inputs.first?.name, in: &self)]
            }
            values.append(node.operation.onnx(given, in: &self))
        }
        for output in graph.outputs {
            scope = output.name
            let (value, channels) = (values[output.node], OnnxDimension.fixed(values[output.node].channels))
            let named = interface.outputs[output.name]
            if let named, named.sides == nil {
                addOutput(OnnxPort(named.name, .float, [OnnxInput.batch, OnnxInput.tokenCount, channels]), pixels(value))
            } else {
                let sides = named?.sides ?? ("height", "width")
                let port = OnnxPort(
                    named?.name ?? output.name, .float, [OnnxInput.batch, channels, .free(sides.height), .free(sides.width)])
                addOutput(port, map(value))
            }
        }
    }
}
