import Foundation
import Logging

/// How many files this process may have open, and how many connections that leaves room for.
///
/// What the server needs for itself is open before the first connection is accepted, and counted; what it opens later, and closes again, has
/// its reserve. Connections share what is left.
struct DescriptorLimit {
    /// Descriptors that are opened after the start, by what for.
    static let reserves = [
        // Dispatch opens one for each clock and signal when it is first used.
        "clocks and signals": 5,
        // Those that are told at a time, some of which try two addresses, the connections that are kept, and libcurl's own.
        "webhooks": 96,
        // With the files that their verbs read and write.
        "connections of the command line": 8,
        // Sorting and copying the database, folders that are synchronised, archives being taken apart.
        "files for a moment": 24,
        // Kept for a connection that would find none: see ``Listener``.
        "spare ones": 2,
    ]
    /// The same for each job that runs: what it reads, saves and writes.
    static let reservePerWorker = 12
    /// What the start opens at most: the database with its readers, sockets, and Dispatch's own.
    private static let opensAtStart = 32
    /// A connection may send a file, or write one.
    private static let perConnection = 2
    /// An archive that is sent holds all its files open. So many there always are, if need be of those for a moment.
    private static let fewestFiles = 16

    /// Files that may be open.
    let limit: Int

    /// Raises the limit as far as this many connections need and it can be raised.
    ///
    /// - Throws: ``Failure`` when that is not enough to start.
    init(raisedFor connections: Int, workers: Int) throws(Failure) {
        var found = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &found) == 0 else {
            limit = .max
            return
        }
        let wanted = rlim_t(Self.perConnection * connections + Self.openNow(below: .max) + Self.opensAtStart + Self.reserve(workers))
        if found.rlim_cur < wanted {
            var raised = found
            raised.rlim_cur = min(wanted, found.rlim_max)
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { found = raised }
        }
        limit = Int(clamping: found.rlim_cur)
        let more = Self.opensAtStart + Self.reserve(workers) + Self.perConnection
        guard limit >= Self.openNow(below: limit, without: Self.anonymous) + more else { throw Self.failure(limit, more) }
    }

    /// What there is room for.
    struct Room {
        let connections: Int
        /// That answers hold open.
        let files: Int
    }

    /// What there is room for besides what is open now and what else the server may open.
    ///
    /// - Throws: ``Failure`` when there is none.
    func room(for connections: Int, workers: Int, logger: Logger) throws(Failure) -> Room {
        let own = Self.openNow(below: limit) + Self.reserve(workers)
        let room = (limit - own) / Self.perConnection
        guard room >= 1 else { throw Self.failure(limit, Self.reserve(workers) + Self.perConnection) }
        if room < connections {
            logger.warning(
                "\(limit) open files are allowed and the server may need \(own) for itself: \(room) connections at a time, not \(connections)"
            )
        }
        let most = min(room, connections)
        return Room(connections: most, files: max(Self.fewestFiles, limit - own - most))
    }

    /// Under the limit that it tells of, what is open from today's up counts too.
    private static func failure(_ limit: Int, _ more: Int) -> Failure {
        Failure(limit: limit, needed: openNow(below: .max, without: anonymous) + more)
    }

    private static func reserve(_ workers: Int) -> Int { reserves.values.reduce(workers * reservePerWorker, +) }

    /// Descriptors that are open. Those from `limit` up, which whoever started the process may have left it, take nothing from it.
    ///
    /// - Parameter kind: how links to those begin that are not counted.
    private static func openNow(below limit: Int, without kind: String? = nil) -> Int {
        let folder = "/proc/self/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let open = names.filter { name in
            guard let number = Int(name), number < limit else { return false }
            let link = kind == nil ? "" : (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")) ?? ""
            return kind.map { !link.hasPrefix($0) } ?? true
        }
        // One of them is the folder's own.
        return max(0, open.count - 1)
    }

    /// Clocks, signals and events, which ``opensAtStart`` has room for: Dispatch opens them when it comes to it, before or after they are counted.
    private static let anonymous = "anon_inode:"

    /// Too few files may be open.
    struct Failure: Error, CustomStringConvertible {
        let limit: Int
        let needed: Int

        var description: String {
            "\(limit) open files are allowed, and the server needs at least \(needed): raise the limit (ulimit -n \(needed), LimitNOFILE=)"
        }
    }
}
