import CCurl
import Foundation

/// Asks other servers over HTTP and HTTPS, by libcurl. A call blocks its thread until the answer is there; redirects are not followed.
///
///     let client = HTTPClient()
///     let answer = try client.send(ClientRequest("GET", "http://127.0.0.1:8080/healthz"), limit: 1 << 20)
///
/// Connections are kept and used again by the same client, which one thread at a time may use.
package final class HTTPClient {
    /// Seconds until a connection must stand.
    package var connectTimeout = 15
    /// Seconds for everything together; nil is no limit.
    package var totalTimeout: Int?
    /// Seconds without a byte in either direction.
    package var stallTimeout = 300
    /// Asked now and then; true ends what is going on.
    package var isCancelled: () -> Bool = { false }

    private let pool: UnsafeMutableRawPointer
    private let userAgent: String?
    private let mayConnect: ((UnsafePointer<sockaddr>) -> Bool)?

    /// - Parameters:
    ///   - userAgent: what it says it is; nil says nothing.
    ///   - mayConnect: asked of every address before it is connected to, when the name has been resolved, so that a name which leads
    ///     somewhere else the next time gains nothing. With it no proxy is used: it would connect on our behalf.
    package init(userAgent: String? = nil, mayConnect: ((UnsafePointer<sockaddr>) -> Bool)? = nil) {
        guard let pool = curl_pool_make() else { fatalError("libcurl cannot begin: there is no memory") }
        self.pool = pool
        self.userAgent = userAgent
        self.mayConnect = mayConnect
    }

    deinit { curl_pool_free(pool) }

    /// Sends a request and takes the whole answer.
    /// - Parameter limit: bytes of the answer.
    /// - Throws: ``ClientError``, or what the request's stream throws.
    package func send(_ request: ClientRequest, limit: Int) throws -> ClientAnswer {
        var body: [UInt8] = []
        var answer = try send(request) { _, bytes in
            guard body.count + bytes.count <= limit else { throw ClientError.answerTooLarge(limit: limit) }
            body.append(contentsOf: bytes)
        }
        answer.body = body
        return answer
    }

    /// Sends a request and hands on the answer's bytes as they come.
    /// - Parameter receive: gets the answer's head with every part of its body.
    /// - Throws: ``ClientError``, or what `receive` or the request's stream throws.
    package func send(_ request: ClientRequest, receive: (ClientAnswer, UnsafeRawBufferPointer) throws -> Void) throws -> ClientAnswer {
        // A byte of 0 would end the URL for libcurl earlier than for whoever has looked at it before.
        guard !request.url.utf8.contains(0) else { throw ClientError.badURL(request.url) }
        // Performing returns before this does: nothing keeps the closure.
        return try withoutActuallyEscaping(receive) { receive in
            let transfer = Transfer(request.body, mayConnect: mayConnect, isCancelled: isCancelled, receive: receive)
            var exchange = transfer.exchange
            exchange.connect_seconds = connectTimeout
            exchange.total_seconds = totalTimeout ?? 0
            exchange.stall_seconds = stallTimeout
            let outcome = withExtendedLifetime(transfer) { perform(&exchange, request) }
            if let failure = transfer.failure(outcome, exchange, request) { throw failure }
            return transfer.answer
        }
    }

    private func perform(_ exchange: inout curl_exchange, _ request: ClientRequest) -> curl_outcome {
        request.describe(to: &exchange, userAgent: userAgent) { curl_exchange_perform(pool, &$0) }
    }
}
