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
            let limit = Int(min(left, Int64(Self.bodyReadSize)))
            let chunk: [UInt8]
            if input.isEmpty {
                chunk = try await receive(upTo: limit)
            } else {
                chunk = Array(input.prefix(limit))
                input = input.dropFirst(chunk.count)
            }
            body = left > Int64(chunk.count) ? .length(left - Int64(chunk.count)) : .finished
            return chunk
        case .chunked(var decoder):
            var chunk: [UInt8] = []
            while chunk.isEmpty, !decoder.isFinished {
                if input.isEmpty { input = try await receive(upTo: Self.bodyReadSize)[...] }
                let count = try decoder.decode(input, into: &chunk)
                input = input.dropFirst(count)
            }
            body = decoder.isFinished ? .finished : .chunked(decoder)
            return chunk.isEmpty ? nil : chunk
        }
    }

    /// The next bytes from the socket, for which a waiting client is asked first.
    private func receive(upTo limit: Int) async throws -> [UInt8] {
        if owesContinue {
            owesContinue = false
            if !isAnswering {
                try await write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
            }
        }
        let start = DispatchTime.now()
        let bytes = try await socket.read(upTo: limit, deadline: readingPace.deadline)
        readingPace.waited(since: start)
        readingPace.moved(bytes.count)
        if bytes.isEmpty { throw HTTPError.malformed("the body of the request ends early", section: "RFC 9112, section 8") }
        return bytes
    }
}
