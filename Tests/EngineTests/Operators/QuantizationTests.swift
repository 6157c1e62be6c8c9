import Engine
import Testing

/// Its gradient is none of a function: the estimate that diffusers makes of it, and not finite differences.
@Suite struct QuantizationTests {
    private func world(rows: Int, channels: Int, _ shape: Shape, batch: Int) -> (operation: Quantization, z: Samples, table: PlainTensor) {
        var generator = TorchGenerator(seed: 11)
        let z = generator.uniform(batch * shape.count, from: -1, to: 1).map(Double.init)
        let table = generator.uniform(rows * channels, from: -1, to: 1).map(Double.init)
        return (
            Quantization("table", rows: rows, channels: channels), Samples(batch: batch, shape: shape, values: z),
            PlainTensor(shape: [rows, channels], values: table)
        )
    }

    /// By its definition.
    private func nearest(_ z: Samples, _ table: PlainTensor) -> [Float] {
        let channels = z.shape.channels
        return stride(from: 0, to: z.values.count, by: channels).flatMap { start in
            let distances = (0..<table.shape[0]).map { row in
                (0..<channels).reduce(0.0) { sum, channel in
                    let difference = z.values[start + channel] - table.values[row * channels + channel]
                    return sum + difference * difference
                }
            }
            let row = distances.indices.min { (distances[$0], $0) < (distances[$1], $1) } ?? 0
            return table.values[(row * channels)..<((row + 1) * channels)].map { Float($0) }
        }
    }

    @Test(arguments: [(1, 1), (7, 3), (8, 2), (37, 5), (200, 4)], [1, 2])
    func everyPixelBecomesTheNearestRow(sizes: (rows: Int, channels: Int), threads: Int) throws {
        let shape = Shape(height: 5, width: 7, channels: sizes.channels)
        let (operation, z, table) = world(rows: sizes.rows, channels: sizes.channels, shape, batch: 3)
        for isTraining in [true, false] {
            let run = try OperatorRun(operation, [z], [table], threads: threads, isTraining: isTraining)
            run.forward()
            #expect(run.output.values == nearest(z, table) && run.leftTheRestAlone)
        }
    }

    @Test func theFirstOfEqualRowsIsTaken() throws {
        var (operation, z, table) = world(rows: 20, channels: 2, Shape(height: 2, width: 2, channels: 2), batch: 1)
        z.values = [0, 0, 1, 1, -1, -1, 0.25, 0]
        table.values = Array(repeating: 9, count: 40)
        // Rows 3 and 17 are one, rows 5 and 6 are equally far from (0, 0).
        for (row, value) in [(3, [1.0, 1]), (17, [1, 1]), (5, [0.5, 0]), (6, [-0.5, 0])] {
            table.values.replaceSubrange((2 * row)..<(2 * row + 2), with: value)
        }
        let run = try OperatorRun(operation, [z], [table], threads: 1)
        run.forward()
        #expect(run.output.values == [0.5, 0, 1, 1, -0.5, 0, 0.5, 0])
        #expect(operation.parameters.map(\.shape) == [[20, 2]])
        operation = Quantization("table", rows: 3, channels: 2)
        #expect(throws: GraphError.self) { try operation.outputShape(of: [.vector(3)]) }
    }

    @Test func gradientsPassStraightThroughAndTheTableGetsNone() throws {
        let (operation, z, table) = world(rows: 9, channels: 3, Shape(height: 4, width: 3, channels: 3), batch: 2)
        let upstream = (0..<z.values.count).map { Double($0) / 10 }
        let run = try OperatorRun(operation, [z], [table], threads: 2)
        run.forward()
        run.backward(upstream)
        #expect(run.inputGradients[0].values == upstream.map { Float($0) })
        #expect(run.parameterGradients.torchOrder(0).allSatisfy { $0 == 0 })
        run.backward(upstream, accumulating: true)
        #expect(run.inputGradients[0].values == upstream.map { 2 * Float($0) } && run.leftTheRestAlone)
    }

    @Test func itsChannelsAreNoGroups() throws {
        var graph = Graph()
        let input = try graph.add("input", Input(Shape(height: 2, width: 2, channels: 3)))
        let before = try graph.add("before", Conv2d("before", in: 3, out: 4), [input])
        let hidden = try graph.add("quantize", Quantization("table", rows: 5, channels: 4), [before])
        graph.addOutput("output", try graph.add("after", Conv2d("after", in: 4, out: 3), [hidden]))
        #expect(graph.channelGroups().isEmpty)
    }
}
