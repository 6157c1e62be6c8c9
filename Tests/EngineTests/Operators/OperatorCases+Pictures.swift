import Engine

/// What resamples maps, and what stands at the ends of a network.
extension OperatorCases {
    private static func upsample(_ filter: ResamplingFilter, _ input: Shape, batch: Int) -> OperatorCase {
        OperatorCase(
            name: "Upsample \(filter)", operation: Upsample(filter), inputs: [input], batch: batch, twin: .upsample(filter),
            wrongInputs: [], tolerance: 1e-6)
    }

    private static func downsample(_ filter: ResamplingFilter, _ input: Shape, batch: Int) -> OperatorCase {
        OperatorCase(
            name: "Downsample \(filter)", operation: Downsample(filter), inputs: [input], batch: batch, twin: .downsample(filter),
            wrongInputs: [[map(3, 4, 2)], [map(4, 3, 2)], [input, input], []], tolerance: 1e-6)
    }

    static let resampled: [OperatorCase] = ResamplingFilter.allCases.flatMap { filter in
        [
            upsample(filter, map(3, 5, 7), batch: 3), upsample(filter, map(1, 1, 3), batch: 1), upsample(filter, map(9, 3, 8), batch: 1),
            downsample(filter, map(6, 10, 7), batch: 3), downsample(filter, map(2, 2, 3), batch: 1),
            downsample(filter, map(18, 4, 9), batch: 1),
        ]
    }

    static let ends: [OperatorCase] = [
        OperatorCase(
            name: "Affine", operation: Affine(scale: 2, shift: -1), inputs: [map(5, 3, 7)], batch: 3, twin: .map { 2 * $0 - 1 },
            wrongInputs: [], cutsLikeZeros: false, tolerance: 1e-6),
        OperatorCase(
            name: "Affine", operation: Affine(scale: -0.5, shift: 3), inputs: [map(1, 1, 1)], batch: 1, twin: .map { 3 - $0 / 2 },
            wrongInputs: [], cutsLikeZeros: false, tolerance: 1e-6),
        OperatorCase(
            name: "Quotient", operation: Quotient(), inputs: [map(5, 3, 7), .vector(1)], batch: 3, twin: .quotient,
            wrongInputs: [[map(5, 3, 7)], [map(5, 3, 7), .vector(2)], [map(5, 3, 7), .vector(1), .vector(1)]], centre: 3),
        OperatorCase(
            name: "Quotient", operation: Quotient(), inputs: [map(13, 9, 3), .vector(1)], batch: 1, twin: .quotient, wrongInputs: [],
            centre: -2),
    ]
}
