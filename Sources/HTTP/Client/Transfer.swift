import CCurl
import Foundation

/// What libcurl calls while it performs one request, and what comes of that.
final class Transfer {
    private(set) var answer = ClientAnswer(status: 0)
    /// When the head of the answer was there, that of a `100 Continue` not counted; nil before.
    private(set) var headTime: DispatchTime?
    /// Why we ended it, if we did.
    private var failure: (any Error)?

    private let requestBody: ClientRequest.Body
    private var sent = 0
    private var headSize = 0
    private let mayConnect: ((UnsafePointer<sockaddr>) -> Bool)?
    private let isCancelled: () -> Bool
    /// Seconds that the answer's body gets after its head.
    private let bodyTimeout: Double?
    private let receive: (ClientAnswer, UnsafeRawBufferPointer) throws -> Void

    init(
        _ body: ClientRequest.Body, mayConnect: ((UnsafePointer<sockaddr>) -> Bool)?, isCancelled: @escaping () -> Bool = { false },
        bodyTimeout: Double? = nil,
        receive: @escaping (ClientAnswer, UnsafeRawBufferPointer) throws -> Void
    ) {
        requestBody = body
        self.mayConnect = mayConnect
        self.isCancelled = isCancelled
        self.bodyTimeout = bodyTimeout
        self.receive = receive
    }

    /// The exchange that calls this transfer, which must outlive it.
    var exchange: curl_exchange {
        var exchange = curl_exchange()
        switch requestBody {
        case .none: break
        case .bytes(let bytes):
            exchange.has_body = true
            exchange.length = Int64(bytes.count)
        case .stream(let length, _):
            exchange.has_body = true
            exchange.length = length ?? -1
        }
        exchange.context = Unmanaged.passUnretained(self).toOpaque()
        exchange.read = { Transfer.at($0).read(into: UnsafeMutableRawBufferPointer(start: $1, count: $2)) ?? -1 }
        exchange.head = { Transfer.at($0).headLine(UnsafeRawBufferPointer(start: $1, count: $2)) }
        exchange.body = { Transfer.at($0).bodyPart(UnsafeRawBufferPointer(start: $1, count: $2)) }
        exchange.goes_on = { Transfer.at($0).goesOn }
        if mayConnect != nil { exchange.may_connect = { Transfer.at($0).mayConnect(to: $1, length: $2) } }
        return exchange
    }

    /// Why there is no whole answer; nil where there is.
    func failure(_ outcome: curl_outcome, _ exchange: curl_exchange, _ request: ClientRequest) -> (any Error)? {
        if let failure { return failure }
        switch outcome {
        case curl_done: return nil
        case curl_bad_url: return ClientError.badURL(request.url)
        case curl_timed_out: return ClientError.timeout(url: request.url)
        default:
            let trouble = withUnsafeBytes(of: exchange.trouble) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            return ClientError.failed(url: request.url, trouble)
        }
    }

    /// Bytes of heads that are kept: a server of a stranger's may send fields for as long as it is listened to.
    private static let headLimit = 256 << 10

    private static func at(_ context: UnsafeMutableRawPointer?) -> Transfer {
        Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue()
    }

    private func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        switch requestBody {
        case .none: return 0
        case .bytes(let bytes):
            let part = bytes[sent...].prefix(buffer.count)
            buffer.copyBytes(from: part)
            sent += part.count
            return part.count
        case .stream(_, let read):
            do { return try read(buffer) } catch {
                failure = error
                return nil
            }
        }
    }

    /// A line of a head with its line end. A status line begins another answer: the one before was `100 Continue`.
    private func headLine(_ bytes: UnsafeRawBufferPointer) {
        headSize += bytes.count
        guard headSize <= Self.headLimit else { return }
        let line = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        if line.hasPrefix("HTTP/") {
            let words = line.split(separator: " ")
            answer = ClientAnswer(status: words.count > 1 ? Int(words[1]) ?? 0 : 0)
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            answer.fields.append((String(line[..<colon]), value))
        } else if line.isEmpty, answer.isFinal {
            headTime = headTime ?? .now()
        }
    }

    private func bodyPart(_ bytes: UnsafeRawBufferPointer) -> Bool {
        do {
            try receive(answer, bytes)
            return true
        } catch {
            failure = error
            return false
        }
    }

    private var goesOn: Bool {
        guard isCancelled() || isDone() else { return true }
        failure = ClientError.cancelled
        return false
    }

    private func isDone() -> Bool {
        guard let bodyTimeout, let headTime else { return false }
        return DispatchTime.now() > headTime + bodyTimeout
    }

    private func mayConnect(to address: UnsafeRawPointer?, length: Int) -> Bool {
        guard let address = address?.assumingMemoryBound(to: sockaddr.self), let mayConnect else { return false }
        guard mayConnect(address) else {
            let found = NumericAddress(address, length: socklen_t(length))
            failure = ClientError.forbiddenAddress(found?.host ?? "of an unknown kind")
            return false
        }
        // Another of the name's addresses was refused: this one may do.
        failure = nil
        return true
    }
}
