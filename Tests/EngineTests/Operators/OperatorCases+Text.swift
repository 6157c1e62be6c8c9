import Engine

/// What texts begin with.
extension OperatorCases {
    private static func tokens(_ ids: [Double], batch: Int, rows: Int, positions: Int, channels: Int) -> OperatorCase {
        let input = map(1, ids.count / batch, 1)
        return OperatorCase(
            name: "TokenEmbedding", operation: TokenEmbedding("text", rows: rows, positions: positions, channels: channels),
            inputs: [input], batch: batch, twin: .tokenEmbedding,
            wrongInputs: [[map(1, positions + 1, 1)], [input.with(channels: 2)], [input, input], []], timesteps: ids, tolerance: 1e-6)
    }

    static let texts: [OperatorCase] = [
        // A token that comes twice in a text, and one that comes in both.
        tokens([6, 0, 6, 2, 1, 6], batch: 2, rows: 7, positions: 5, channels: 9),
        tokens([3], batch: 1, rows: 4, positions: 1, channels: 16),
        tokens((0..<231).map { Double($0 * $0 % 50) }, batch: 3, rows: 50, positions: 77, channels: 5),
    ]
}
