/// What a network makes of pictures: a vector for each.
public struct FeatureSet: PointSet, Equatable {
    /// How many pictures.
    public let count: Int
    /// Numbers of each vector.
    public let width: Int
    /// As many as a vector has numbers.
    public var dimensions: Int { width }
    /// (count, width), row by row.
    public let values: [Float]

    /// Takes values, of which there must be `width` for each picture.
    public init(width: Int, values: [Float]) {
        guard width > 0, values.count % width == 0 else { fatalError("\(values.count) values for vectors of \(width)") }
        (count, self.width, self.values) = (values.count / width, width, values)
    }

    /// Writes some vectors one after the other.
    public func copy(_ points: Range<Int>, into target: UnsafeMutablePointer<Float>) {
        values.withUnsafeBufferPointer { values in
            guard let base = values.baseAddress else { return }
            target.update(from: base + points.lowerBound * width, count: points.count * width)
        }
    }

    /// The mean of every number over all points.
    var mean: [Double] {
        var mean = [Double](repeating: 0, count: width)
        for point in 0..<count {
            for place in 0..<width { mean[place] += Double(values[point * width + place]) }
        }
        return mean.map { $0 / Double(count) }
    }

    /// What is left of every point without the mean, (count, width).
    func centred(_ mean: [Double]) -> [Double] {
        var numbers = [Double](repeating: 0, count: values.count)
        for point in 0..<count {
            for place in 0..<width { numbers[point * width + place] = Double(values[point * width + place]) - mean[place] }
        }
        return numbers
    }
}
