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

    /// What a large one lies in.
    private let mapping: UnsafeMutableRawBufferPointer?

    /// Allocates `count` zeros.
    public init(count: Int) {
        self.count = count
        let bytes = max(1, count) * MemoryLayout<Float>.stride
        mapping = bytes < Self.hugePage ? nil : Self.map(bytes)
        let raw = mapping.flatMap(Self.firstPage) ?? UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        pointer = raw.bindMemory(to: Float.self, capacity: max(1, count))
        guard mapping == nil else {
            // Transforms walk over dozens of far-apart rows at once: with pages of 4 KiB, finding the pages takes longer than the numbers.
            madvise(raw, bytes, MADV_HUGEPAGE)
            return
        }
        pointer.initialize(repeating: 0, count: max(1, count))
    }

    deinit {
        if let mapping {
            munmap(mapping.baseAddress, mapping.count)
        } else {
            UnsafeMutableRawPointer(pointer).deallocate()
        }
    }

    /// Pages of zeros, which the system makes where they are first touched: by the thread that works there, and none of what is not used.
    private static func map(_ bytes: Int) -> UnsafeMutableRawBufferPointer {
        // With room to begin at a huge page.
        let length = bytes + hugePage
        guard let start = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), start != MAP_FAILED else {
            fatalError("there is no memory for \(bytes) bytes")
        }
        return UnsafeMutableRawBufferPointer(start: start, count: length)
    }

    private static func firstPage(_ mapping: UnsafeMutableRawBufferPointer) -> UnsafeMutableRawPointer? {
        mapping.baseAddress?.alignedUp(toMultipleOf: hugePage)
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
