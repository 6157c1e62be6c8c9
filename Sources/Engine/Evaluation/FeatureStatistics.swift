/// The mean and the covariance of features, as pytorch-fid keeps them of a set of pictures: `numpy.mean` and `numpy.cov`, which divides by
/// n - 1.
public struct FeatureStatistics: Sendable, Equatable {
    /// One number for each feature.
    public let mean: [Double]
    /// (width, width).
    public let covariance: [Double]

    /// Those that somebody else has found: as many numbers, and as many rows of as many.
    public init(mean: [Double], covariance: [Double]) {
        guard covariance.count == mean.count * mean.count else {
            fatalError("\(covariance.count) covariances of \(mean.count) numbers")
        }
        (self.mean, self.covariance) = (mean, covariance)
    }

    /// Those of at least two points.
    public init(_ features: FeatureSet) {
        let width = features.width
        mean = features.mean
        var covariance = Matrix.square(features.centred(mean), rows: features.count, columns: width)
        let scale = 1 / Double(max(1, features.count - 1))
        for row in 0..<width {
            for column in row..<width {
                covariance[row * width + column] *= scale
                covariance[column * width + row] = covariance[row * width + column]
            }
        }
        self.covariance = covariance
    }
}
