import CVectors

/// A vector that products are made of.
public protocol ProductVector: SIMD where Scalar == Float {
    /// `self` + a · b, rounded once.
    func adding(_ a: Self, times b: Self) -> Self
}

extension SIMD8<Float>: ProductVector {
    /// `self` + a · b, rounded once.
    @inlinable @inline(__always)
    public func adding(_ a: Self, times b: Self) -> Self { multiply_add8(a, b, self) }
}

extension SIMD16<Float>: ProductVector {
    /// `self` + a · b, rounded once.
    @inlinable @inline(__always)
    public func adding(_ a: Self, times b: Self) -> Self { multiply_add16(a, b, self) }
}
