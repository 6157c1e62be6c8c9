import HTTPTypes

/// Writing an answer.
extension Connection {
    /// Sends a whole answer.
    /// - Parameters:
    ///   - head: of the request; nil when it could not be read.
    ///   - closing: whether it is the last for the request's own reasons.
    /// - Returns: whether it says that it is the last.
    func send(_ response: Response, to head: RequestHead?, closing: Bool) async throws -> Bool {
        let status = response.status
        // RFC 9112, section 6.3: these never have a body.
        let hasNoBody = status.code < 200 || status.code == 204 || status.code == 304
        let length = hasNoBody ? 0 : response.body.length
        let isChunked = length == nil && head?.minorVersion != 0
        // Looked up once, where it is said: what is done afterwards is what was said.
        let closing = closing || ending.hasBegun
        let text = Self.head(
            response, of: requestID, length: hasNoBody ? nil : length, isChunked: isChunked, closing: closing)
        isAnswering = true
        if hasNoBody || head?.method == .head {
            try await write(text)
            return closing
        }
        switch response.body {
        case .empty:
            try await write(text)
        case .bytes(let bytes) where bytes.count <= Self.readSize:
            try await write(text + bytes)
        case .bytes(let bytes):
            try await write(text, more: true)
            try await write(bytes)
        case .file(let file, let offset, let length):
            try await write(text, more: length > 0)
            writingPace = try await socket.write(file, offset: offset, length: length, pace: writingPace)
        case .parts(let parts):
            try await write(text, more: !parts.isEmpty)
            for (index, part) in parts.enumerated() {
                switch part {
                case .bytes(let bytes): try await write(bytes, more: index < parts.count - 1)
                case .file(let file, let offset, let length):
                    writingPace = try await socket.write(file, offset: offset, length: length, pace: writingPace)
                }
            }
        case .stream(let length, let body):
            try await write(text)
            try await stream(body, length: length, isChunked: isChunked)
        }
        return closing
    }

    /// Sends bytes at the answer's pace.
    func write(_ bytes: [UInt8], more: Bool = false) async throws {
        writingPace = try await socket.write(bytes, pace: writingPace, more: more)
    }

    private func stream(
        _ body: @Sendable (ResponseWriter) async throws -> Void, length: Int64?, isChunked: Bool
    ) async throws {
        streamLeft = length
        let number = requestNumber
        let writer = ResponseWriter { [weak self] bytes in
            guard let self else { throw HTTPError.connectionLost }
            try await self.writeStream(bytes, of: number, isChunked: isChunked)
        }
        do {
            try await body(writer)
            if let streamLeft, streamLeft != 0 { throw StreamLengthError(missing: streamLeft) }
        } catch HTTPError.connectionLost {
            throw HTTPError.connectionLost
        } catch {
            // The status has been sent: the only way left to say that the answer is not whole is to cut it off.
            logger.error("an answer broke off", metadata: ["error": "\(error)", "request_id": "\(requestID)"])
            throw HTTPError.connectionLost
        }
        if isChunked { try await write(Array("0\r\n\r\n".utf8)) }
        streamLeft = nil
    }

    private func writeStream(_ bytes: [UInt8], of number: Int, isChunked: Bool) async throws {
        guard number == requestNumber else { throw HTTPError.connectionLost }
        // An empty chunk would end the body.
        guard !bytes.isEmpty else { return }
        if let left = streamLeft {
            guard left >= Int64(bytes.count) else { throw StreamLengthError(missing: left - Int64(bytes.count)) }
            streamLeft = left - Int64(bytes.count)
        }
        if isChunked {
            let size = String(bytes.count, radix: 16)
            try await write(Array("\(size)\r\n".utf8) + bytes + [ASCII.carriageReturn, ASCII.lineFeed])
        } else {
            try await write(bytes)
        }
    }

    /// A streamed body that is not as long as announced.
    private struct StreamLengthError: Error {
        let missing: Int64
    }

    // The connection alone knows these: a second opinion could split the answer.
    private static let own: [HTTPField.Name] = [.contentLength, .transferEncoding, .connection, .requestID]

    private static func head(_ response: Response, of request: RequestID, length: Int64?, isChunked: Bool, closing: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        bytes.append(contentsOf: "HTTP/1.1 \(response.status.code) \(response.status.reasonPhrase)\r\n".utf8)
        func line(_ name: String, _ value: String) {
            bytes.append(contentsOf: name.utf8)
            bytes.append(contentsOf: ": ".utf8)
            bytes.append(contentsOf: value.utf8)
            bytes.append(contentsOf: "\r\n".utf8)
        }
        var hasDate = false
        for field in response.fields where !own.contains(field.name) {
            if field.name == .date { hasDate = true }
            bytes.append(contentsOf: field.name.rawName.utf8)
            bytes.append(contentsOf: ": ".utf8)
            field.withUnsafeBytesOfValue { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: "\r\n".utf8)
        }
        bytes.append(contentsOf: "X-Request-Id: ".utf8)
        request.append(to: &bytes)
        bytes.append(contentsOf: "\r\n".utf8)
        if !hasDate { line("Date", HTTPDate.now()) }
        if let length { line("Content-Length", String(length)) }
        if isChunked { line("Transfer-Encoding", "chunked") }
        if closing { line("Connection", "close") }
        bytes.append(contentsOf: "\r\n".utf8)
        return bytes
    }
}
