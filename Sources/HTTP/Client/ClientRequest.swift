import CCurl
import Foundation

/// A request to another server.
package struct ClientRequest {
    /// What is sent with it.
    package enum Body {
        case none
        case bytes([UInt8])
        /// As it comes: fills a part of the buffer and returns how many bytes, 0 at the end. `length`, if known, is what it will be in all;
        /// else it is sent in chunks.
        case stream(length: Int64?, read: (UnsafeMutableRawBufferPointer) throws -> Int)
    }

    package var method: String
    package var url: String
    /// Names and values, which hold no line ends.
    package var fields: [(name: String, value: String)]
    package var body: Body

    package init(_ method: String, _ url: String, fields: [(name: String, value: String)] = [], body: Body = .none) {
        self.method = method
        self.url = url
        self.fields = fields
        self.body = body
    }
}

extension ClientRequest {
    /// Runs `body` with the exchange pointing to method, URL and fields, which go after that.
    func describe<Result>(
        to exchange: inout curl_exchange, userAgent: String?, _ body: (inout curl_exchange) -> Result
    ) -> Result {
        let lines = (fields + (userAgent.map { [("User-Agent", $0)] } ?? [])).map { strdup("\($0.name): \($0.value)") }
        defer { lines.forEach { free($0) } }
        return lines.map { UnsafePointer($0) }.withUnsafeBufferPointer { lines in
            method.withCString { method in
                url.withCString { url in
                    exchange.method = method
                    exchange.url = url
                    exchange.fields = lines.baseAddress
                    exchange.count = lines.count
                    return body(&exchange)
                }
            }
        }
    }
}
