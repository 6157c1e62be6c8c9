import Dispatch

/// Reading a request's body.
extension Connection {
    /// The next bytes of the body of request number `number`; nil at its end.
    func nextChunk(of number: Int) async throws -> [UInt8]? {
        guard number == requestNumber, !isReadingBody else { throw HTTPError.connectionLost }
        isReadingBody = true
        defer { isReadingBody = false }
        do {
            return try await readChunk()
        } catch {
            body = .broken
            if case HTTPError.timeout = error { throw HTTPError.timeout("the body of the request came too slowly") }
            throw error
        }
    }

    private func readChunk() async throws -> [UInt8]? {
        switch body {
        case .finished:
            return nil
        case .broken:
            throw HTTPError.connectionLost
        case .length(let left):
            try await fill(upTo: Int(min(left, Int64(Self.readSize))))
            let chunk = Array(input.prefix(Int(min(left, Int64(Self.readSize)))))
            input = input.dropFirst(chunk.count)
            body = left > Int64(chunk.count) ? .length(left - Int64(chunk.count)) : .finished
            return chunk
        case .chunked(var decoder):
            var chunk: [UInt8] = []
            while chunk.isEmpty, !decoder.isFinished {
                try await fill(upTo: Self.readSize)
                let count = try decoder.decode(input, into: &chunk)
                input = input.dropFirst(count)
            }
            body = decoder.isFinished ? .finished : .chunked(decoder)
            return chunk.isEmpty ? nil : chunk
        }
    }

    /// Makes sure there is input, asking a waiting client for it first.
    private func fill(upTo limit: Int) async throws {
        guard input.isEmpty else { return }
        if owesContinue {
            owesContinue = false
            if !isAnswering {
                try await write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
            }
        }
        let start = DispatchTime.now()
        input = try await socket.read(upTo: limit, deadline: readingPace.deadline)[...]
        readingPace.waited(since: start)
        readingPace.moved(input.count)
        if input.isEmpty { throw HTTPError.malformed("the body of the request ends early", section: "RFC 9112, section 8") }
    }
}
