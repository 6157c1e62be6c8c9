import Documents

/// The memory that a job takes, phase by phase.
package struct JobMemory {
    /// Those that compute; nil where the request skips one.
    private let phases: [(type: any Phase.Type, phase: (any Phase)?, memory: PhaseMemory?)]
    /// What a job may hold at once.
    let limit: Int

    /// - Parameter limit: bytes that the process may hold.
    package init(_ shape: JobShape, limit: Int, phases: Phases = .all) {
        self.limit = limit
        self.phases = phases.computing.map { type in
            let phase = type.init(shape.request)
            let needed = phase.flatMap { $0.isNeeded(shape) ? $0 : nil }
            return (type, needed, needed.map { PhaseMemory($0, shape, limit: limit) })
        }
    }

    /// The most of any phase.
    package var peak: Int { phases.compactMap { $0.memory?.bytes }.max() ?? 0 }

    /// What no phase could hold however it goes about it: where the request asks for it, how many bytes, and for what.
    var excess: [(pointer: String, bytes: Int, purpose: String)] {
        var excess: [(pointer: String, bytes: Int, purpose: String)] = []
        for (type, phase, memory) in phases {
            guard let phase, let bytes = memory?.bytes, bytes > limit - PhaseMemory.server else { continue }
            if let known = excess.firstIndex(where: { $0.pointer == type.pointer }) {
                excess[known].bytes = max(excess[known].bytes, bytes)
            } else {
                excess.append((type.pointer, bytes, phase.leastMemory))
            }
        }
        return excess
    }

    /// By phase, as the contract names them.
    package var json: JSON {
        JSON.object(phases.map { .init($0.type.name.rawValue, .optional($0.memory?.bytes)) })
            .adding([.init("peak", .integer(peak)), .init("limit", .integer(limit))])
    }
}
