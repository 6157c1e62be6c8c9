/// Why a file is no statistics of features.
package enum StatisticsError: Error, Equatable, CustomStringConvertible {
    /// It is no zip.
    case noArchive
    /// An array is not in it.
    case missing(String)
    /// What is called an array is none, or none that is read.
    case array(String, trouble: String)
    /// Arrays do not fit together, or have more features than are read.
    case shapes(mean: [Int], covariance: [Int], limit: Int)
    /// A number is not finite.
    case notFinite(String)
    /// It is no covariance: not the same when turned round, or of more than its variances allow.
    case noCovariance(row: Int, column: Int)

    /// What is wrong, naming the array.
    package var description: String {
        switch self {
        case .noArchive: "is no .npz: it should be a zip of mu and sigma, as pytorch-fid writes it"
        case .missing(let name): "has no \(name).npy: it should be an .npz with mu and sigma, as pytorch-fid writes it"
        case .array(let name, let trouble): "has a \(name).npy that \(trouble)"
        case .shapes(let mean, let covariance, let limit):
            "has mu of shape \(mean) and sigma of shape \(covariance); n and n × n are expected, n from 1 to \(limit)"
        case .notFinite(let name): "has a \(name) with a number that is not finite"
        case .noCovariance(let row, let column): "has a sigma that is no covariance: at row \(row), column \(column)"
        }
    }
}
