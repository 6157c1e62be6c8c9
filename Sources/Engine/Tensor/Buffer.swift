import Foundation

/// A fixed run of float32 numbers in memory aligned for the widest vectors, freed with its last reference.
///
/// - Note: Sendable without a lock because a buffer has no state of its own beyond an immutable address and length; who may
///   write which part at which time is decided by its owner (an executor or trainer, each confined to one job), never shared between jobs.
public final class Buffer: @unchecked Sendable {
    /// The first number.
    public let pointer: UnsafeMutablePointer<Float>
    /// How many numbers there are.
    public let count: Int

    private static let hugePage = 2 << 20

    /// Allocates `count` zeros.
    public init(count: Int) {
        self.count = count
        let bytes = max(1, count) * MemoryLayout<Float>.stride
        // Transforms walk over dozens of far-apart rows at once: with pages of 4 KiB, finding the pages takes longer than the numbers.
        let isLarge = bytes >= Self.hugePage
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: isLarge ? Self.hugePage : 64)
        if isLarge { madvise(raw, bytes, MADV_HUGEPAGE) }
        pointer = raw.bindMemory(to: Float.self, capacity: max(1, count))
        pointer.initialize(repeating: 0, count: max(1, count))
    }

    deinit {
        UnsafeMutableRawPointer(pointer).deallocate()
    }

    /// Sets every number to zero.
    public func clear() {
        pointer.update(repeating: 0, count: count)
    }

    /// Copies all numbers of a buffer of the same length.
    public func copy(from other: Buffer) {
        precondition(other.count == count, "buffers of \(count) and \(other.count) numbers")
        pointer.update(from: other.pointer, count: count)
    }

    /// The numbers as a copied array.
    public var array: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
}
