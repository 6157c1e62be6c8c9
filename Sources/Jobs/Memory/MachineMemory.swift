import Foundation

/// The memory that this process may hold: the machine's, or less where a control group (a container, a systemd unit) allows less.
package enum MachineMemory {
    /// - Parameter root: what the file system's root is taken for.
    package static func bytes(root: String = "/") -> Int {
        min(Int(ProcessInfo.processInfo.physicalMemory), groupLimit(root: root) ?? .max)
    }

    /// The least limit among the process's control group and those around it (cgroups(7)): `memory.max` of version 2, whose line in
    /// /proc/self/cgroup is `0::/path`, or `memory.limit_in_bytes` of version 1, `4:memory:/path`. Nil when there is none.
    package static func groupLimit(root: String) -> Int? {
        let folder = URL(filePath: root, directoryHint: .isDirectory)
        guard let lines = try? String(contentsOf: folder.appending(path: "proc/self/cgroup"), encoding: .utf8) else { return nil }
        var least: Int?
        for line in lines.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let (hierarchy, file): (String, String)
            if parts[0] == "0" && parts[1].isEmpty {
                (hierarchy, file) = ("sys/fs/cgroup", "memory.max")
            } else if parts[1].split(separator: ",").contains("memory") {
                (hierarchy, file) = ("sys/fs/cgroup/memory", "memory.limit_in_bytes")
            } else {
                continue
            }
            // Within a container the path may be the host's, and only the group at the top is there.
            var names = parts[2].split(separator: "/")
            while true {
                let path = ([hierarchy] + names.map(String.init) + [file]).joined(separator: "/")
                if let text = try? String(contentsOf: folder.appending(path: path), encoding: .utf8),
                    let limit = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)), limit > 0
                {
                    least = min(least ?? .max, limit)
                }
                if names.popLast() == nil { break }
            }
        }
        return least
    }
}
