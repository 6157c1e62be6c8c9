import Foundation
import Logging

/// How many files and connections this process may have open.
enum DescriptorLimit {
    /// Descriptors for everything that is no connection: the database, blobs being read and written.
    private static let reserve = 256

    /// Raises the limit as far as this many connections need and it can be raised. Returns how many connections it has room for.
    static func raised(for connections: Int, logger: Logger) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return connections }
        // A connection may hold a file that it sends.
        let wanted = rlim_t(2 * connections + reserve)
        if limit.rlim_cur < wanted {
            limit.rlim_cur = min(wanted, limit.rlim_max)
            _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        let room = max(16, (Int(clamping: limit.rlim_cur) - reserve) / 2)
        if room < connections {
            logger.warning("\(limit.rlim_cur) open files are allowed: \(room) connections at a time, not \(connections)")
        }
        return min(room, connections)
    }
}
