import Engine
import Foundation
import Media

/// The mean and the covariance of features as pytorch-fid writes and reads them: an `.npz` of `mu` and `sigma`.
enum StatisticsFile {
    /// Features of a picture at most.
    static let mostFeatures = 4096
    /// Bytes of a file at most: its numbers as float64, and some more for what else may be in it.
    static let largest: Int64 = 256 << 20

    private static let (mean, covariance) = ("mu", "sigma")

    /// The file's bytes.
    static func bytes(_ statistics: FeatureStatistics) throws -> [UInt8] {
        let width = statistics.mean.count
        let items = [
            ArchiveItem(path: "\(mean).npy", bytes: NumpyArray.bytes(statistics.mean, shape: [width])),
            ArchiveItem(path: "\(covariance).npy", bytes: NumpyArray.bytes(statistics.covariance, shape: [width, width])),
        ]
        var bytes: [UInt8] = []
        try ArchiveWriter(items).write(as: .zip) { bytes += $0 }
        return bytes
    }

    /// Bytes of memory that reading a file takes at most: its directory, the largest array as it is stored, and as float64.
    static func readingCost(path: String) -> Int {
        var largest: Int64 = 0
        if let archive = try? ArchiveReader(path: path, limits: limits) {
            // What an entry is announced to have, reading it checks.
            while let entry = try? archive.next() { largest = max(largest, min(entry.size ?? Self.largest, Self.largest)) }
        }
        return ZipDirectory.cost(path: path) + 3 * Int(largest)
    }

    private static let limits = ArchiveReader.Limits(entries: 64, totalSize: largest, names: 1 << 16)

    /// Reads a file and checks that it holds a mean and a covariance.
    ///
    /// - Throws: ``StatisticsError``, ``ArchiveError``.
    static func read(path: String) throws -> FeatureStatistics {
        guard ZipDirectory.cost(path: path) > 0 else { throw StatisticsError.noArchive }
        let archive = try ArchiveReader(path: path, limits: limits)
        var arrays: [String: NumpyArray] = [:]
        while let entry = try archive.next() {
            for (name, most) in [(mean, mostFeatures), (covariance, mostFeatures * mostFeatures)] where entry.path == "\(name).npy" {
                arrays[name] = try NumpyArray(
                    try archive.readAll(atMost: Int64(most * MemoryLayout<Double>.stride + (1 << 13))), name: name, most: most)
            }
        }
        guard let mean = arrays[mean] else { throw StatisticsError.missing(Self.mean) }
        guard let covariance = arrays[covariance] else { throw StatisticsError.missing(Self.covariance) }
        let width = mean.numbers.count
        guard mean.shape == [width], covariance.shape == [width, width], width <= mostFeatures else {
            throw StatisticsError.shapes(mean: mean.shape, covariance: covariance.shape, limit: mostFeatures)
        }
        guard mean.numbers.allSatisfy(\.isFinite) else { throw StatisticsError.notFinite(Self.mean) }
        guard covariance.numbers.allSatisfy(\.isFinite) else { throw StatisticsError.notFinite(Self.covariance) }
        try check(covariance.numbers, width)
        return FeatureStatistics(mean: mean.numbers, covariance: covariance.numbers)
    }

    /// Every covariance is symmetric, has variances on its diagonal that are not below 0, and nothing beyond what those allow: |σ_ij|² ≤ σ_ii σ_jj.
    /// Rounding of float32 is let pass.
    private static func check(_ sigma: [Double], _ width: Int) throws(StatisticsError) {
        let largest = (0..<width).reduce(0.0) { max($0, abs(sigma[$1 * (width + 1)])) }
        let slack = 1e-5 * largest
        for row in 0..<width {
            guard sigma[row * (width + 1)] >= -slack else { throw .noCovariance(row: row, column: row) }
            for column in 0..<row {
                let (below, above) = (sigma[row * width + column], sigma[column * width + row])
                let bound = (max(0, sigma[row * (width + 1)]) * max(0, sigma[column * (width + 1)])).squareRoot()
                guard abs(below - above) <= slack, abs(below) <= bound + slack else { throw .noCovariance(row: row, column: column) }
            }
        }
    }
}
