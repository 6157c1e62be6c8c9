import Engine
import Testing

/// What generators are made of.
extension OperatorCases {
    private static func transposed(
        _ input: Shape, out: Int, batch: Int, _ window: ConvTranspose2d.Window, hasBias: Bool = true
    ) -> OperatorCase {
        let (kernel, stride) = (window.kernel, window.stride)
        let small = map(1, 1, input.channels)
        return OperatorCase(
            name: "ConvTranspose2d \(kernel)×\(kernel) / \(stride) - \(window.padding) + \(window.outputPadding) → \(out)",
            operation: ConvTranspose2d("conv", in: input.channels, out: out, window: window, hasBias: hasBias),
            inputs: [input], batch: batch, twin: .convTranspose2d(window),
            wrongInputs: [
                [input.with(channels: input.channels + 1)], [input, input], [], kernel <= 2 * window.padding ? [small] : [],
            ],
            multiplyAccumulates: input.pixels * out * input.channels * kernel * kernel)
    }

    private static func norm(_ input: Shape, batch: Int) -> OperatorCase {
        // Parameters are of ±1, and so is the variance.
        OperatorCase(
            name: "BatchNorm", operation: BatchNorm("norm", channels: input.channels, epsilon: 1.5), inputs: [input], batch: batch,
            twin: .batchNorm(epsilon: 1.5), wrongInputs: [[input.with(channels: input.channels + 1)], [input, input], []],
            cutsLikeZeros: false)
    }

    private static func rectifier(_ input: Shape, batch: Int, slope: Float, centre: Float) -> OperatorCase {
        OperatorCase(
            name: "Rectifier of \(slope) around \(centre)", operation: Rectifier(slope: slope), inputs: [input], batch: batch,
            twin: .map { $0 > 0 ? $0 : Double(slope) * $0 }, wrongInputs: [], centre: centre, tolerance: 5e-7)
    }

    private static func unflatten(_ shape: Shape, batch: Int) -> OperatorCase {
        OperatorCase(
            name: "Unflatten", operation: Unflatten(shape), inputs: [.vector(shape.count)], batch: batch, twin: .unflatten(shape),
            wrongInputs: [[.vector(shape.count + 1)], [shape.with(channels: shape.count + 1)], []], tolerance: 1e-6)
    }

    private static let doubling = ConvTranspose2d.Window(kernel: 4, stride: 2, padding: 1)
    private static let first = ConvTranspose2d.Window(kernel: 4, stride: 1, padding: 0)

    static let generators: [OperatorCase] = [
        transposed(map(1, 1, 7), out: 5, batch: 3, first, hasBias: false), transposed(map(1, 1, 20), out: 33, batch: 1, first),
        transposed(map(4, 5, 3), out: 6, batch: 3, doubling, hasBias: false), transposed(map(3, 2, 9), out: 1, batch: 1, doubling),
        transposed(map(4, 3, 2), out: 3, batch: 3, .init(kernel: 5, stride: 2, padding: 2, outputPadding: 1)),
        transposed(map(3, 4, 5), out: 2, batch: 1, .init(kernel: 3, stride: 1, padding: 1)),
        transposed(map(3, 3, 2), out: 3, batch: 3, .init(kernel: 2, stride: 3, padding: 0)),
        transposed(map(2, 3, 4), out: 3, batch: 1, .init(kernel: 6, stride: 2, padding: 2)),
        transposed(map(5, 6, 3), out: 4, batch: 3, .init(kernel: 1, stride: 1, padding: 0)),
        // Several panels of patches, and pixels enough for every thread.
        transposed(map(8, 8, 6), out: 130, batch: 3, doubling, hasBias: false), transposed(map(13, 13, 17), out: 9, batch: 3, doubling),
        norm(map(5, 3, 8), batch: 3), norm(map(1, 1, 15), batch: 1), norm(map(13, 13, 19), batch: 3), norm(.vector(33), batch: 3),
        rectifier(map(5, 3, 7), batch: 3, slope: 0, centre: 2), rectifier(map(1, 1, 1), batch: 1, slope: 0.2, centre: -2),
        rectifier(map(13, 13, 19), batch: 3, slope: 0.2, centre: -2),
        unflatten(map(2, 3, 5), batch: 3), unflatten(map(1, 1, 4), batch: 1), unflatten(map(4, 4, 9), batch: 2),
    ]
}

extension OperatorTests {
    @Test func aRectifierBendsAtZero() throws {
        let input = Samples(batch: 1, shape: .vector(5), values: [-2, -0.5, 0, 0.5, 2])
        let run = try OperatorRun(Rectifier(slope: 0.5), [input], [], threads: 1)
        run.forward()
        #expect(run.output.values == [-1, -0.25, 0, 0.5, 2])
        run.backward([1, 1, 1, 1, 1])
        #expect(run.inputGradients[0].values == [0.5, 0.5, 0.5, 1, 1])
    }
}
