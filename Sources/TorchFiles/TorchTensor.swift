/// A tensor as a view of a storage: number (i, j, …) is the storage's number `offset + i·strides[0] + j·strides[1] + …`.
package struct TorchTensor: Sendable {
    /// The format of its numbers.
    package let type: TorchType
    /// Its dimensions, outermost first; empty for a scalar.
    package let shape: [Int]
    /// Numbers between neighbours along each dimension; 0 where one number is shown many times.
    package let strides: [Int]
    /// Numbers before its first one.
    package let offset: Int
    /// How many numbers it has.
    package let count: Int
    /// Its storage, by its place in the heap.
    let storage: Int

    /// The storage's numbers from its first to its last, both included; nil when that cannot be counted.
    let span: Int

    /// Checks a view by itself; whether its storage is that long is checked where the storage is known.
    ///
    /// nil when a dimension, stride or offset is negative, there are more than 32 dimensions, or a product leaves 63 bits.
    init?(type: TorchType, storage: Int, shape: [Int], strides: [Int], offset: Int) {
        guard shape.count == strides.count, shape.count <= 32, offset >= 0, shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 })
        else { return nil }
        // A zero anywhere makes the product 0, whatever overflows around it; so zeros are looked for first.
        var count = shape.contains(0) ? 0 : 1
        var last = 0
        if count > 0 {
            for (dimension, stride) in zip(shape, strides) {
                let product = count.multipliedReportingOverflow(by: dimension)
                let reach = stride.multipliedReportingOverflow(by: dimension - 1)
                let sum = last.addingReportingOverflow(reach.partialValue)
                guard !product.overflow, !reach.overflow, !sum.overflow else { return nil }
                count = product.partialValue
                last = sum.partialValue
            }
        }
        let end = last.addingReportingOverflow(1)
        guard !end.overflow, !offset.addingReportingOverflow(end.partialValue).overflow, count <= Int.max / 16 else { return nil }
        self.type = type
        self.storage = storage
        self.shape = shape
        self.strides = strides
        self.offset = offset
        self.count = count
        span = count == 0 ? 0 : end.partialValue
    }
}
