/// Points in a space of many dimensions, one for each picture: what distances between sets of pictures are measured on.
public protocol PointSet: Sendable {
    /// How many points.
    var count: Int { get }
    /// Numbers of each.
    var dimensions: Int { get }
    /// Writes some points one after the other.
    func copy(_ points: Range<Int>, into target: UnsafeMutablePointer<Float>)
}

extension Pictures: PointSet {
    /// Every value of a picture is one of its point's, from 0 to 1.
    public var dimensions: Int { channels * height * width }

    /// Divides by 255.
    public func copy(_ points: Range<Int>, into target: UnsafeMutablePointer<Float>) {
        bytes.withUnsafeBufferPointer { bytes in
            let start = points.lowerBound * dimensions
            for place in 0..<(points.count * dimensions) { target[place] = Float(bytes[start + place]) / 255 }
        }
    }
}
