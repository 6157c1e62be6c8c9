/// A checkpoint that does not have the network that is meant.
struct ComponentError: Error, Equatable, CustomStringConvertible {
    let missing: Component
    /// What to do about it, or what there is.
    let hint: String

    var description: String { "cannot be \"\(missing.rawValue)\", which the checkpoint does not have: \(hint)" }
}
