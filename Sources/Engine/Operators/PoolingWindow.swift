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

    /// One output pixel of one sample.
    struct Place {
        /// The sample's map.
        let image: Int
        /// The pixel of the outputs of all samples.
        let output: Int
        /// What of the map is in its window.
        let rows, columns: Range<Int>
        let width: Int

        /// How many pixels are in the window.
        @inline(__always)
        var count: Int { rows.count * columns.count }

        /// The first of them, by its place in the map.
        @inline(__always)
        var first: Int { rows.lowerBound * width + columns.lowerBound }

        /// Does something with each pixel of the window, by its place in the map, row by row.
        @inline(__always)
        func forEach(_ body: (Int) -> Void) {
            for y in rows {
                for x in columns { body(y * width + x) }
            }
        }
    }

    /// Goes through the output pixels in a range of lines, which are numbered through all samples.
    @inline(__always)
    func walk(_ lines: Range<Int>, _ input: Shape, _ output: Shape, _ body: (Place) -> Void) {
        for line in lines {
            let (image, row) = (line / output.height, line % output.height)
            let rows = span(row, within: input.height)
            for column in 0..<output.width {
                let columns = span(column, within: input.width)
                body(Place(image: image, output: line * output.width + column, rows: rows, columns: columns, width: input.width))
            }
        }
    }

    /// The numbers of ONNX's `pads`: above, on the left, below, on the right.
    var pads: [Int] { [padding, padding, padding, padding] }
}
