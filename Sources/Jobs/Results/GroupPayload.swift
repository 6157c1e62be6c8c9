import Documents
import Engine

extension ChannelGroup {
    /// The contract's entry of one group in a job's metrics.
    ///
    /// - Parameter scores: nil where a plan decided and nothing was scored.
    func payload(kept: [Int], scores: [Double]?) -> JSON {
        [
            "name": .string(name), "width": ["before": .integer(width), "after": .integer(kept.count)],
            "norm_groups": .integer(normGroups), "heads": .integer(heads),
            "members": .array(members.map { PruningPlan.Member(parameter: $0.parameter, axis: $0.axis, offset: $0.offset).json }),
            "scores": scores.map { .array($0.map(JSON.double)) } ?? .null, "kept": .integers(kept),
        ]
    }
}
