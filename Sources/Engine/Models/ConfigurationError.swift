/// Why a model's or scheduler's configuration is refused. Texts are safe to show to whoever uploaded it.
public enum ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// The file is no JSON object; what is wrong with it.
    case notJSON(String)
    /// A key that has no default is absent (or null).
    case missing(key: String, expected: String)
    /// A key's value has another type, is out of range, or asks for something that is not supported.
    case invalid(key: String, expected: String, found: String)

    /// The key, what was expected and what was found.
    public var description: String {
        switch self {
        case .notJSON(let trouble): "not a JSON object: \(trouble)"
        case .missing(let key, let expected): "\(key) is missing, expected \(expected)"
        case .invalid(let key, let expected, let found): "\(key) is \(found), expected \(expected)"
        }
    }
}
