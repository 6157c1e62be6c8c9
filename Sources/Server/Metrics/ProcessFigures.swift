import Foundation
import Jobs

/// What Linux tells of this process, under the names that Prometheus' own clients give it. What it does not tell is left out.
enum ProcessFigures {
    static let families = [
        MetricFamily(name: "process_cpu_seconds_total", kind: .counter, help: "Processor time that the process took."),
        MetricFamily(name: "process_start_time_seconds", kind: .gauge, help: "When the process began, in seconds since 1970."),
        MetricFamily(name: "process_open_fds", kind: .gauge, help: "Open file descriptors."),
        MetricFamily(name: "process_max_fds", kind: .gauge, help: "File descriptors that may be open."),
        MetricFamily(name: "process_resident_memory_bytes", kind: .gauge, help: "Resident memory."),
        MetricFamily(name: "process_virtual_memory_bytes", kind: .gauge, help: "Virtual memory."),
    ]

    static var samples: [MetricSample] {
        var limit = rlimit()
        let hasLimit = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        let values: [(String, Double?)] = [
            ("process_cpu_seconds_total", processorTime),
            ("process_start_time_seconds", startTime),
            ("process_open_fds", openDescriptors),
            ("process_max_fds", hasLimit ? Double(limit.rlim_cur) : nil),
            ("process_resident_memory_bytes", MemoryGauge.resident.map(Double.init)),
            ("process_virtual_memory_bytes", MemoryGauge.virtual.map(Double.init)),
        ]
        return values.compactMap { name, value in value.map { MetricSample(name, [], $0) } }
    }

    private static var processorTime: Double? {
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return nil }
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    /// The descriptor that the folder itself is read through is not counted.
    private static var openDescriptors: Double? {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map { Double($0.count - 1) }
    }

    /// It does not change: a process that executes another file (execve(2)) is the same.
    private static let startTime: Double? = {
        // proc(5): the 22nd field of stat, in clock ticks since the machine started. The second may have spaces and brackets in it.
        guard let stat = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8), let end = stat.lastIndex(of: ")"),
            case let fields = stat[end...].split(separator: " "), fields.count > 20, let ticks = Double(fields[20]),
            let machine = try? String(contentsOfFile: "/proc/stat", encoding: .utf8),
            let line = machine.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }), let start = Double(line.dropFirst(6))
        else { return nil }
        return start + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }()
}
