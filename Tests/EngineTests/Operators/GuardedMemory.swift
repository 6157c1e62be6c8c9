import Engine

/// A run of floats with a fence behind it, filled with NaN: an operator that reads what it has not written, or writes
/// beyond what it asked for, shows.
final class GuardedMemory {
    let count: Int
    private let buffer: Buffer
    private static let fence: Float = 12345.678
    private static let fenceCount = 32

    init(_ count: Int, _ values: [Double]? = nil) {
        self.count = count
        buffer = Buffer(count: count + Self.fenceCount)
        (buffer.pointer + count).update(repeating: Self.fence, count: Self.fenceCount)
        if let values { fill(values) } else { forget() }
    }

    convenience init(_ values: [Double]) { self.init(values.count, values) }

    var pointer: UnsafeMutablePointer<Float> { buffer.pointer }
    var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
    var isFenceIntact: Bool { (count..<(count + Self.fenceCount)).allSatisfy { pointer[$0] == Self.fence } }

    func fill(_ values: [Double]) {
        for index in 0..<count { pointer[index] = Float(values[index]) }
    }

    /// Makes every number NaN.
    func forget() { pointer.update(repeating: .nan, count: count) }
}
