import Documents
import Engine

/// A pruning plan as JSON: what a job did, to read, edit and send again.
package struct PlanPayload: Sendable, Equatable {
    /// SHA-256 of the weights' file of the checkpoint that the plan belongs to, in hexadecimal.
    let digest: String
    /// What stays.
    let plan: PruningPlan

    /// The section of a job's metrics that holds what its groups do not say.
    static let section = "plan"
    /// The section that holds its groups.
    static let groups = "groups"

    /// Reads the contract's plan object. `object`, `job` and `checkpoint` are for people and not looked at.
    static func read(_ reader: inout ObjectReader) -> PlanPayload {
        _ = reader.text("object")
        _ = reader.text("job")
        _ = reader.text("checkpoint")
        let digest = reader.requiredText("digest")
        let widths = reader.word("widths", default: Widths.diffusers)
        let groups = reader.objects("groups", limit: 100_000) { reader in
            PruningPlan.Group(
                name: reader.requiredText("name"),
                width: reader.optionalInteger("width", in: 1...1_000_000),
                members: reader.objects("members", limit: 100_000, PruningPlan.Member.read).map(Set.init),
                kept: reader.integers("kept", limit: 1_000_000) ?? [])
        }
        if groups == nil { reader.refuse("groups", "is required") }
        return PlanPayload(digest: digest, plan: PruningPlan(widths: widths, groups: groups ?? []))
    }

    /// The contract's plan object, as it is kept in a request.
    var json: JSON {
        [
            "digest": .string(digest), "widths": .string(plan.widths.rawValue),
            "groups": .array(
                plan.groups.map { group in
                    var members: [JSON.Member] = [.init("name", .string(group.name))]
                    if let width = group.width { members.append(.init("width", .integer(width))) }
                    if let found = group.members {
                        let sorted = found.sorted { ($0.parameter, $0.axis, $0.offset) < ($1.parameter, $1.axis, $1.offset) }
                        members.append(.init("members", .array(sorted.map(\.json))))
                    }
                    return .object(members + [.init("kept", .integers(group.kept))])
                }),
        ]
    }

    /// What a job keeps in ``section`` beside its groups.
    static func kept(digest: String, widths: Widths) -> JSON {
        ["digest": .string(digest), "widths": .string(widths.rawValue)]
    }
}

/// A member of a group, in plans and in the metrics of jobs.
extension PruningPlan.Member {
    static func read(_ reader: inout ObjectReader) -> PruningPlan.Member {
        PruningPlan.Member(
            parameter: reader.requiredText("parameter"), axis: reader.integer("axis", in: 0...1, default: 0),
            offset: reader.integer("offset", in: 0...1_000_000, default: 0))
    }

    var json: JSON { ["parameter": .string(parameter), "axis": .integer(axis), "offset": .integer(offset)] }
}
