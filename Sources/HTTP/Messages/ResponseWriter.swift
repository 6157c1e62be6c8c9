/// Where a streamed body is written to; waits while the client is slow.
package struct ResponseWriter: Sendable {
    let send: @Sendable ([UInt8]) async throws -> Void

    /// Sends bytes. None is sent on its own for an empty array.
    /// - Throws: ``HTTPError/connectionLost`` once the client is gone; then there is nothing left to do.
    package func write(_ bytes: [UInt8]) async throws {
        try await send(bytes)
    }
}
