/// The windows of 3 × 3 pixels that a pooling layer looks through; what lies around the map is in none of them.
struct PoolingWindow: Sendable {
    let stride: Int
    /// Rows and columns around the map that windows may reach over.
    let padding: Int

    static let side = 3

    func output(of inputs: [Shape]) throws(GraphError) -> Shape {
        guard inputs.count == 1 else { throw .shape(node: "", expected: "one map", found: "\(inputs)") }
        let (height, width) = (inputs[0].height + 2 * padding - Self.side, inputs[0].width + 2 * padding - Self.side)
        guard height >= 0, width >= 0 else {
            throw .shape(node: "", expected: "a map of at least 3×3 with its padding", found: "\(inputs[0])")
        }
        return Shape(height: height / stride + 1, width: width / stride + 1, channels: inputs[0].channels)
    }

    /// The rows, or columns, of a map that are in the window of an output's row, or column.
    @inline(__always)
    func span(_ place: Int, within length: Int) -> Range<Int> {
        let first = place * stride - padding
        return max(0, first)..<min(length, first + Self.side)
    }

    /// The numbers of ONNX's `pads`: above, on the left, below, on the right.
    var pads: [Int] { [padding, padding, padding, padding] }
}
