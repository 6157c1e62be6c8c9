import CVectors

/// Asks for numbers from memory before they are needed: runs too short for the processor to see them coming.
@inlinable @inline(__always)
public func prefetch(_ numbers: UnsafePointer<Float>, count: Int) {
    for line in stride(from: 0, to: count, by: 16) { prefetch_line(numbers + line) }
}
