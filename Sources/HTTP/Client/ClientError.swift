/// Why another server could not be asked, or its answer not be had.
package enum ClientError: Error, Equatable, CustomStringConvertible {
    /// Not an `http` or `https` URL that libcurl understands.
    case badURL(String)
    /// The address that the name led to may not be connected to.
    case forbiddenAddress(String)
    /// No connection, or one that broke; with libcurl's words.
    case failed(url: String, String)
    /// Nothing moved for too long, or all of it took too long.
    case timeout(url: String)
    /// The answer is larger than it may be.
    case answerTooLarge(limit: Int)
    case cancelled

    package var description: String {
        switch self {
        case .badURL(let url): "\(url) is not a URL that begins with http:// or https://"
        case .forbiddenAddress(let address): "the address \(address) may not be connected to"
        case .failed(let url, let trouble): "\(url): \(trouble)"
        case .timeout(let url): "\(url): no answer in time"
        case .answerTooLarge(let limit): "the answer is larger than \(limit) bytes"
        case .cancelled: "cancelled"
        }
    }
}
