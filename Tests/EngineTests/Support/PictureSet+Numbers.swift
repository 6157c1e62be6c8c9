import Engine

extension PictureSet {
    /// Pictures of given numbers, (count, channels, height, width).
    static func of(_ numbers: [Float], _ shape: Shape, _ conditions: Conditions? = nil) -> PictureSet {
        PictureSet(numbersOf: numbers.count / shape.count, shape: shape, conditions: conditions) {
            Array(numbers[($0 * shape.count)..<(($0 + 1) * shape.count)])
        }
    }
}
