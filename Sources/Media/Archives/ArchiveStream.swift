/// An archive's bytes as they come, for libarchive to pull from: what is received can be unpacked meanwhile.
package final class ArchiveStream {
    /// The archive's first bytes, 512 where it has as many: what kind it is.
    let head: [UInt8]
    /// The last eight bytes that were read.
    private(set) var tail: [UInt8] = []
    /// Bytes in all, as they are promised.
    let size: Int64
    /// Bytes that have come.
    private(set) var received: Int64 = 0
    private let next: () -> [UInt8]?
    private var waiting: [UInt8]?
    private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 16)

    /// - Parameters:
    ///   - size: bytes in all, as they are promised.
    ///   - next: gives the next bytes, never none; nil at the end.
    package init(size: Int64, _ next: @escaping () -> [UInt8]?) {
        self.size = size
        self.next = next
        var head: [UInt8] = []
        while head.count < 512, let chunk = next() { head += chunk }
        waiting = head.isEmpty ? nil : head
        self.head = Array(head.prefix(512))
    }

    deinit { buffer.deallocate() }

    /// The next bytes, valid until the next call; empty at the end.
    func read() -> UnsafeRawBufferPointer {
        let chunk = waiting ?? next() ?? []
        waiting = nil
        received += Int64(chunk.count)
        if buffer.count < chunk.count {
            buffer.deallocate()
            buffer = .allocate(byteCount: chunk.count, alignment: 16)
        }
        buffer.copyBytes(from: chunk)
        tail = (tail + chunk.suffix(8)).suffix(8)
        return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<chunk.count])
    }

    /// Reads on to the end: behind an archive there may be padding.
    func finish() {
        while !read().isEmpty {}
    }
}
