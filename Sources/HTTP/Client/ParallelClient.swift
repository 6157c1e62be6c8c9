import CCurl
import Foundation
import Synchronization

/// Asks many other servers at a time over HTTP and HTTPS, by libcurl and one thread; redirects are not followed.
///
///     let client = ParallelClient(waker: try .init())
///     try client.begin(request) { answer, failure in … }
///     while … { client.run(atMost: 1000) }
///
/// One thread at a time may use it, but for its ``waker``. What is under way when it goes ends without a word.
package final class ParallelClient {
    /// How an exchange ended: as much of the answer's head as had come, and why there is no whole answer; nil where there is.
    package typealias Over = (ClientAnswer, (any Error)?) -> Void

    /// What libcurl opens for a client: two descriptors, by which its waiting is ended from any thread.
    ///
    /// Sendable: `crowd` is freed with this value, and all that is done with it here is what libcurl permits from any thread.
    package final class Waker: @unchecked Sendable {
        fileprivate let crowd: UnsafeMutableRawPointer
        fileprivate let isCalled = Atomic(false)

        /// - Throws: ``ClientError/failed(url:_:)`` where there are no descriptors.
        package init() throws(ClientError) {
            guard let crowd = curl_crowd_make(kept) else { throw .failed(url: "libcurl", "no descriptor is free, or no memory") }
            self.crowd = crowd
        }

        deinit { curl_crowd_free(crowd) }

        /// Does it.
        package func wake() {
            isCalled.store(true, ordering: .releasing)
            curl_crowd_wake(crowd)
        }
    }

    /// An exchange under way.
    private final class Exchange {
        let request: ClientRequest
        let transfer: Transfer
        let over: Over
        /// It must not move.
        let pointer = UnsafeMutablePointer<curl_exchange>.allocate(capacity: 1)

        init(_ request: ClientRequest, _ transfer: Transfer, _ over: @escaping Over) {
            self.request = request
            self.transfer = transfer
            self.over = over
            pointer.initialize(to: transfer.exchange)
        }

        deinit {
            pointer.deinitialize(count: 1)
            pointer.deallocate()
        }
    }

    /// Seconds for everything together.
    package var totalTimeout = 300
    /// Seconds that an answer's body gets after its head.
    var bodyTimeout = 1.0
    /// Bytes of an answer's body that are read.
    var bodyLimit = 64 << 10
    /// Ends its waiting.
    package let waker: Waker

    /// Connections that are kept though no one uses them.
    private static let kept = 8

    private let userAgent: String?
    private let mayConnect: ((UnsafePointer<sockaddr>) -> Bool)?
    private var exchanges: [UnsafeMutablePointer<curl_exchange>: Exchange] = [:]

    /// - Parameters:
    ///   - waker: no other client's.
    ///   - userAgent: and the other: as ``HTTPClient`` has them.
    package init(waker: Waker, userAgent: String? = nil, mayConnect: ((UnsafePointer<sockaddr>) -> Bool)? = nil) {
        self.waker = waker
        self.userAgent = userAgent
        self.mayConnect = mayConnect
    }

    // libcurl may still call a transfer when its exchange is taken out.
    deinit { curl_crowd_end(waker.crowd) }

    /// Begins an exchange. The answer's body is of no interest: a part of it is read, so that the connection can be used again.
    /// - Parameter over: called in ``run(atMost:)``, once.
    /// - Throws: ``ClientError/badURL(_:)``
    package func begin(_ request: ClientRequest, over: @escaping Over) throws(ClientError) {
        // A byte of 0 would end the URL for libcurl earlier than for whoever has looked at it before.
        guard !request.url.utf8.contains(0) else { throw .badURL(request.url) }
        var left = bodyLimit
        let transfer = Transfer(request.body, mayConnect: mayConnect, bodyTimeout: bodyTimeout) { [bodyLimit] _, bytes in
            left -= bytes.count
            guard left >= 0 else { throw ClientError.answerTooLarge(limit: bodyLimit) }
        }
        let exchange = Exchange(request, transfer, over)
        exchange.pointer.pointee.connect_seconds = totalTimeout
        exchange.pointer.pointee.stall_seconds = totalTimeout
        exchange.pointer.pointee.total_seconds = totalTimeout
        let isBegun = request.describe(to: &exchange.pointer.pointee, userAgent: userAgent) { _ in
            curl_crowd_add(waker.crowd, exchange.pointer)
        }
        guard isBegun else { throw .failed(url: request.url, "there is no memory") }
        exchanges[exchange.pointer] = exchange
    }

    /// Goes on with what is under way until an exchange is over, someone wakes it, or so much time has passed; may return earlier.
    package func run(atMost milliseconds: Int) {
        let end = DispatchTime.now() + .milliseconds(milliseconds)
        while !waker.isCalled.exchange(false, ordering: .acquiring) {
            let left = (Int(clamping: end.uptimeNanoseconds) - Int(clamping: DispatchTime.now().uptimeNanoseconds)) / 1_000_000
            curl_crowd_perform(waker.crowd, Int32(clamping: max(0, left)))
            var outcome = curl_done
            var isOver = false
            while let pointer = curl_crowd_next(waker.crowd, &outcome) {
                isOver = true
                guard let exchange = exchanges.removeValue(forKey: pointer) else { continue }
                exchange.over(exchange.transfer.answer, exchange.transfer.failure(outcome, pointer.pointee, exchange.request))
            }
            if isOver || left <= 0 { return }
        }
    }
}
