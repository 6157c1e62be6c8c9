import HTTPTypes

@testable import HTTP

/// What came of reading bytes as a request.
private struct Outcome: Equatable {
    var heads: [String] = []
    var body: [UInt8] = []
    /// Bytes that were taken, where nothing was refused.
    var taken = 0
    var refusal: HTTPError?
}

/// Reads a request's head and, where it is chunked, its body, in pieces of at most `piece` bytes.
private func read(_ bytes: [UInt8], pieces: Int) -> Outcome {
    var parser = RequestHeadParser()
    var decoder: ChunkedDecoder?
    var outcome = Outcome()
    var position = 0
    do throws(HTTPError) {
        while position < bytes.count {
            let piece = bytes[position..<min(bytes.count, position + pieces)]
            if decoder != nil {
                guard decoder?.isFinished == false, let count = try decoder?.decode(piece, into: &outcome.body) else { break }
                require(count == piece.count || decoder?.isFinished == true, "a decoder that goes on takes everything")
                position += count
            } else {
                let (count, head) = try parser.parse(piece)
                require(head != nil || count == piece.count, "a parser that goes on takes everything")
                position += count
                guard let head else { continue }
                outcome.heads.append(
                    "\(head.method) \(head.target.text) \(head.target.segments) \(head.target.query) \(head.minorVersion) \(head.framing) "
                        + "\(head.keepsAlive) \(head.expectsContinue) \(head.authority ?? "-") "
                        + head.fields.map { "\($0.name): \($0.value)" }.joined(separator: "\n"))
                require(head.target.segments.allSatisfy { $0 != ".." && $0 != "." && !$0.contains("/") }, "a path is safe")
                switch head.framing {
                case .chunked: decoder = ChunkedDecoder()
                case .none: parser = RequestHeadParser()
                case .length(let length):
                    position += Int(min(length, Int64(bytes.count - position)))
                    parser = RequestHeadParser()
                }
            }
        }
        outcome.taken = position
    } catch {
        outcome.refusal = error
    }
    return outcome
}

/// Heads, chunked bodies, and requests one behind the other: the same whether they come in one piece or a few bytes at a time.
@Sendable func requestIsReadAlikeHoweverItIsSplit(_ bytes: [UInt8]) {
    let whole = read(bytes, pieces: max(1, bytes.count))
    require(whole.body.count <= bytes.count, "a chunked body is no longer than what carried it")
    require(read(bytes, pieces: 1) == whole, "bytes one by one are read otherwise")
    require(read(bytes, pieces: 7) == whole, "bytes by sevens are read otherwise")
    if let refusal = whole.refusal {
        let status = refusal.response().status.code
        require([400, 414, 417, 431, 501, 505].contains(status), "a head is refused with \(status)")
    }
}
