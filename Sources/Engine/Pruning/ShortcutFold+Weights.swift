extension [ShortcutFold] {
    /// The tensors that folding changes, in PyTorch's order, by their names in the whole network.
    ///
    /// - Throws: ``GraphError/missingTensor(_:)``.
    func folded(_ whole: Weights) throws(GraphError) -> [String: [Float]] {
        var changed: [String: [Float]] = [:]
        var rows: [String: Int] = [:]
        for fold in self {
            func found(_ name: String) throws(GraphError) -> (numbers: [Float], shape: [Int]) {
                guard let index = whole.index(of: name) else { throw .missingTensor(name) }
                return (changed[name] ?? whole.torchOrder(index), whole.parameters[index].shape)
            }
            let shortcut = try found("\(fold.gone).conv_shortcut.weight")
            let (outputs, inputs) = (shortcut.shape[0], shortcut.shape[1])
            let layer = try found("\(fold.layer).conv2.weight")
            let width = rows[fold.layer] ?? layer.shape[0]
            // (outputs, width) of it reads what the layer gives, the rest the skip connection.
            for output in ShortcutFold.outputs {
                for kind in ["weight", "bias"] {
                    let name = "\(fold.layer).\(output).\(kind)"
                    let (numbers, _) = try found(name)
                    changed[name] = Self.product(shortcut.numbers, outputs, inputs, numbers, rows: width)
                }
            }
            let bias = try found("\(fold.gone).conv_shortcut.bias").numbers
            let own = "\(fold.layer).conv_shortcut"
            changed["\(own).bias"] = zip(changed["\(own).bias"] ?? [], bias).map(+)
            // The skip connection's columns come last in either.
            let columns = try found("\(own).weight").shape[1]
            for output in 0..<outputs {
                for column in 0..<(inputs - width) {
                    changed["\(own).weight"]?[(output + 1) * columns - (inputs - width) + column] +=
                        shortcut.numbers[output * inputs + width + column]
                }
            }
            rows[fold.layer] = outputs
        }
        return changed
    }

    /// The first `rows` columns of a matrix times a tensor of so many rows.
    private static func product(_ matrix: [Float], _ outputs: Int, _ columns: Int, _ tensor: [Float], rows: Int) -> [Float] {
        let length = tensor.count / rows
        var product = [Float](repeating: 0, count: outputs * length)
        for output in 0..<outputs {
            for place in 0..<length {
                var sum = 0.0
                for row in 0..<rows { sum += Double(matrix[output * columns + row]) * Double(tensor[row * length + place]) }
                product[output * length + place] = Float(sum)
            }
        }
        return product
    }
}
