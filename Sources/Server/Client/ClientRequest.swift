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
