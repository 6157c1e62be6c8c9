import Synchronization

/// A request's body as chunks of bytes, read from the socket only as fast as they are asked for.
///
/// A client that sent `Expect: 100-continue` is told to go on when the first chunk is asked for, so a handler that refuses
/// before that spares it the upload. One reader at a time; over with the request.
package struct RequestBody: Sendable, AsyncSequence {
    package typealias Element = [UInt8]

    /// How far a body has been read.
    private final class Position: Sendable {
        let value = Mutex(0)
    }

    /// Bytes in the whole body where the head says so; nil for a chunked one.
    package let length: Int64?
    private let read: @Sendable () async throws -> [UInt8]?

    package init(length: Int64?, read: @escaping @Sendable () async throws -> [UInt8]?) {
        self.length = length
        self.read = read
    }

    /// A body that is here already, handed out in pieces of at most `chunk` bytes.
    package init(bytes: [UInt8], chunk: Int = 65536) {
        let position = Position()
        self.init(length: Int64(bytes.count)) {
            position.value.withLock { offset in
                guard offset < bytes.count else { return nil }
                let end = Swift.min(bytes.count, offset + chunk)
                defer { offset = end }
                return Array(bytes[offset..<end])
            }
        }
    }

    /// The next chunk, never empty; nil at the end.
    /// - Throws: ``HTTPError``: a broken body, a limit passed, a client that stalled or left.
    package func next() async throws -> [UInt8]? {
        try await read()
    }

    /// The same body, refused with 413 once it is larger than `limit` bytes: at once where the head tells its length,
    /// else by the chunk that passes it.
    package func limited(to limit: Int64) throws(HTTPError) -> RequestBody {
        if let length, length > limit { throw .bodyTooLarge(limit: limit) }
        let position = Position()
        let read = read
        return RequestBody(length: length) {
            guard let chunk = try await read() else { return nil }
            let count = position.value.withLock { count in
                count += chunk.count
                return count
            }
            guard Int64(count) <= limit else { throw HTTPError.bodyTooLarge(limit: limit) }
            return chunk
        }
    }

    /// The whole body at once, for small ones.
    /// - Throws: 413 when it is larger than `limit` bytes.
    package func collect(limit: Int64) async throws -> [UInt8] {
        let body = try limited(to: limit)
        var bytes: [UInt8] = []
        while let chunk = try await body.next() { bytes += chunk }
        return bytes
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        let body: RequestBody

        package mutating func next() async throws -> [UInt8]? {
            try await body.next()
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(body: self)
    }
}
