import Engine

/// What looks at maps through windows that are not those of a square convolution.
extension OperatorCases {
    private static func oblong(
        _ input: Shape, out: Int, batch: Int, kernel: (Int, Int), stride: Int = 1, padding: (Int, Int)
    ) -> OperatorCase {
        let height = (input.height + 2 * padding.0 - kernel.0) / stride + 1
        let width = (input.width + 2 * padding.1 - kernel.1) / stride + 1
        return OperatorCase(
            name: "Conv2d \(kernel.0)×\(kernel.1) / \(stride) → \(out)",
            operation: Conv2d(
                "conv", in: input.channels, out: out, kernel: kernel.0, kernelWidth: kernel.1, stride: stride,
                padding: .symmetric(rows: padding.0, columns: padding.1)),
            inputs: [input], batch: batch,
            twin: .conv2d(stride: stride, padding: [padding.0, padding.1, padding.0, padding.1]),
            wrongInputs: [[input.with(channels: input.channels + 1)], [input, input], []],
            multiplyAccumulates: height * width * out * input.channels * kernel.0 * kernel.1)
    }

    private static func pool(_ operation: any Operator, _ name: String, _ input: Shape, batch: Int, _ twin: Twin) -> OperatorCase {
        OperatorCase(
            name: name, operation: operation, inputs: [input], batch: batch, twin: twin, wrongInputs: [[input, input], []], tolerance: 1e-6)
    }

    private static func average(_ input: Shape, batch: Int) -> OperatorCase {
        pool(AveragePool(), "AveragePool", input, batch: batch, .window(stride: 1, padding: 1) { $0.reduce(0, +) / Double($0.count) })
    }

    private static func largest(_ input: Shape, batch: Int, stride: Int, padding: Int) -> OperatorCase {
        pool(
            MaxPool(stride: stride, padding: padding), "MaxPool / \(stride) + \(padding)", input, batch: batch,
            .window(stride: stride, padding: padding) { $0.max() ?? .nan })
    }

    static let windows: [OperatorCase] = [
        oblong(map(5, 9, 3), out: 5, batch: 3, kernel: (1, 7), padding: (0, 3)),
        oblong(map(9, 5, 10), out: 9, batch: 1, kernel: (7, 1), padding: (3, 0)),
        oblong(map(8, 8, 17), out: 19, batch: 3, kernel: (1, 3), padding: (0, 1)),
        oblong(map(8, 8, 16), out: 16, batch: 2, kernel: (3, 1), padding: (1, 0)),
        oblong(map(1, 1, 9), out: 2, batch: 1, kernel: (3, 1), padding: (1, 0)),
        oblong(map(7, 9, 4), out: 3, batch: 3, kernel: (3, 2), stride: 2, padding: (1, 0)),
        oblong(map(9, 8, 5), out: 6, batch: 1, kernel: (5, 5), padding: (2, 2)),
        // Rows enough for every thread to take its own, and several panels.
        oblong(map(17, 17, 30), out: 17, batch: 3, kernel: (1, 7), padding: (0, 3)),
        oblong(map(33, 33, 200), out: 3, batch: 3, kernel: (7, 1), padding: (3, 0)),
        average(map(5, 3, 7), batch: 3), average(map(1, 1, 3), batch: 1), average(map(1, 6, 9), batch: 1),
        average(map(9, 13, 17), batch: 1),
        largest(map(5, 7, 7), batch: 3, stride: 2, padding: 0), largest(map(3, 3, 1), batch: 1, stride: 2, padding: 0),
        largest(map(6, 8, 9), batch: 1, stride: 2, padding: 0), largest(map(1, 1, 3), batch: 1, stride: 1, padding: 1),
        largest(map(9, 13, 17), batch: 2, stride: 1, padding: 1),
    ]
}
