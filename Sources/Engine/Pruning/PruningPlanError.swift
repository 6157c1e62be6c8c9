/// Why a plan does not fit a model. An index counts the plan's own entries.
public enum PruningPlanError: Error, Equatable, CustomStringConvertible {
    /// The model has no such group.
    case unknownGroup(index: Int, name: String)
    /// A group has two entries.
    case repeatedGroup(index: Int, name: String)
    /// A group has none.
    case missingGroup(name: String)
    /// The group is not as wide as the plan takes it to be.
    case width(index: Int, name: String, expected: Int, found: Int)
    /// The group's members are others.
    case members(index: Int, name: String, parameter: String, isMissing: Bool)
    /// These channels cannot be what stays of the group.
    case kept(index: Int, name: String, trouble: String)
    /// The model cannot be without these layers.
    case depth(String)
    /// q/k and v of an attention keep different heads.
    case headsDiffer(name: String, partner: String)
    /// q/k and v of an attention keep different numbers of channels, which diffusers cannot run.
    case attentionWidthsDiffer(name: String, partner: String)

    /// Which entry and which of its fields is wrong; nil when it is the plan as a whole.
    public var place: (index: Int, field: String)? {
        switch self {
        case .unknownGroup(let index, _), .repeatedGroup(let index, _): (index, "name")
        case .width(let index, _, _, _): (index, "width")
        case .members(let index, _, _, _): (index, "members")
        case .kept(let index, _, _): (index, "kept")
        case .missingGroup, .headsDiffer, .attentionWidthsDiffer, .depth: nil
        }
    }

    /// What is wrong, safe to show.
    public var description: String {
        switch self {
        case .unknownGroup(_, let name): "\(name.prefix(200)) is no group of this checkpoint"
        case .repeatedGroup(_, let name): "\(name) has an entry already"
        case .missingGroup(let name): "lacks an entry for \(name): every group of the checkpoint needs one"
        case .width(_, let name, let expected, let found): "\(name) has \(expected) channels, not \(found)"
        case .members(_, let name, let parameter, let isMissing):
            isMissing ? "lacks \(parameter), which goes with \(name)" : "names \(parameter.prefix(200)), which does not go with \(name)"
        case .kept(_, let name, let trouble): "\(trouble) (\(name))"
        case .depth(let trouble): trouble
        case .headsDiffer(let name, let partner): "\(name) and \(partner) must keep the same heads"
        case .attentionWidthsDiffer(let name, let partner):
            "\(name) and \(partner) must keep equally many channels: diffusers runs no attention whose values are not as wide as its keys"
        }
    }
}
