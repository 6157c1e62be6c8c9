/// Where a tensor's numbers lie in a file, little-endian and in row-major order.
package struct TensorPlace: Sendable, Equatable {
    /// The format of its numbers.
    package let type: ScalarType
    /// Bytes before it.
    package let offset: Int
    /// How many numbers there are.
    package let count: Int

    package init(type: ScalarType, offset: Int, count: Int) {
        (self.type, self.offset, self.count) = (type, offset, count)
    }

    /// How many bytes.
    package var size: Int { count * type.size }
}

extension SafeTensorsReader {
    /// Where a tensor's numbers lie; nil where there is none of that name.
    package func place(of name: String) -> TensorPlace? {
        guard let entry = self[name], let offset = offset(of: name) else { return nil }
        return TensorPlace(type: entry.type, offset: offset, count: entry.count)
    }
}
