/// Why no network can be made of a `config.json`. Texts are safe to show to whoever sent it.
public enum ArchitectureError: Error, Equatable, CustomStringConvertible {
    /// The configuration is refused.
    case configuration(ConfigurationError)
    /// The layers that it asks for do not fit together.
    case graph(GraphError)

    /// What is wrong.
    public var description: String {
        switch self {
        case .configuration(let error): error.description
        case .graph(let error): error.description
        }
    }
}
