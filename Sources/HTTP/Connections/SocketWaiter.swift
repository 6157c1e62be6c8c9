import Dispatch
import Foundation

/// Someone who waits: for bytes, or for room to write.
enum SocketWaiter: Sendable {
    case read(limit: Int, DispatchTime, CheckedContinuation<[UInt8], any Error>)
    case write(DispatchTime, CheckedContinuation<Void, any Error>)

    var deadline: DispatchTime {
        switch self {
        case .read(_, let deadline, _), .write(let deadline, _): deadline
        }
    }

    /// What it waits for, as poll(2) and epoll(7) have it.
    var events: Int32 {
        switch self {
        case .read: POLLIN
        case .write: POLLOUT
        }
    }

    func fail(_ error: HTTPError) {
        switch self {
        case .read(_, _, let continuation): continuation.resume(throwing: error)
        case .write(_, let continuation): continuation.resume(throwing: error)
        }
    }
}
