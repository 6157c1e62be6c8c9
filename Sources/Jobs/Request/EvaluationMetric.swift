/// How samples are judged.
package enum EvaluationMetric: String, CaseIterable, Sendable {
    /// How like the original's samples are those of the result, pair by pair.
    case ssim, mse
    /// How far the samples of each stage are, as a set, from pictures as they should be.
    case mind, kid, frechet
    /// The Fréchet distance by the published weights of Inception, and by no others.
    case fid

    /// Whether it compares sets of pictures, so that it needs some to compare with.
    var isOfSets: Bool {
        switch self {
        case .ssim, .mse: false
        case .mind, .kid, .frechet, .fid: true
        }
    }

    /// Whether the mean and the covariance of features are all that it compares.
    var comparesStatistics: Bool { self == .frechet || self == .fid }
}
