/// Why a request gets no memory to be answered in.
package enum RequestMemoryError: Error, Equatable, CustomStringConvertible {
    /// More than all requests together may have.
    case tooLarge(String, bytes: Int, limit: Int)
    /// Others have it, and did not give it back in time.
    case busy(String)

    package var description: String {
        switch self {
        case .tooLarge(let what, let bytes, let limit):
            "\(what) takes \(bytes >> 20) MiB of memory to read; this server spends at most \(limit >> 20) MiB on one request "
                + "(a part of its request_memory)"
        case .busy(let what): "the memory for requests is taken; \(what) had to wait too long: try again"
        }
    }
}
