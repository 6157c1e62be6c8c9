import Engine
import Media

/// The mean and the covariance of features as pytorch-fid writes them: an `.npz` of `mu` and `sigma`, float64.
enum StatisticsFile {
    /// The file's bytes.
    static func bytes(_ statistics: FeatureStatistics) throws -> [UInt8] {
        let width = statistics.mean.count
        let items = [
            ArchiveItem(path: "mu.npy", bytes: array(statistics.mean, shape: "(\(width),)")),
            ArchiveItem(path: "sigma.npy", bytes: array(statistics.covariance, shape: "(\(width), \(width))")),
        ]
        var bytes: [UInt8] = []
        try ArchiveWriter(items).write(as: .zip) { bytes += $0 }
        return bytes
    }

    /// An array in NumPy's format, version 1.0: a magic, the length of the header, the header filled up to a multiple of 64 bytes, numbers.
    private static func array(_ numbers: [Double], shape: String) -> [UInt8] {
        let told = "{'descr': '<f8', 'fortran_order': False, 'shape': \(shape), }"
        let length = (told.utf8.count + 1 + 10 + 63) / 64 * 64 - 10
        let header = told + String(repeating: " ", count: length - told.utf8.count - 1) + "\n"
        let start: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 255), UInt8(length >> 8)]
        return start + Array(header.utf8) + numbers.flatMap { number in withUnsafeBytes(of: number.bitPattern.littleEndian, Array.init) }
    }
}
