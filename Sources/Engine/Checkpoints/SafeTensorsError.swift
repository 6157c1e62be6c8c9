/// Why a safetensors file is refused or could not be written. Texts are safe to show to whoever uploaded it.
public enum SafeTensorsError: Error, Equatable, CustomStringConvertible {
    /// The operating system refused; what was done and its error text.
    case system(action: String, reason: String)
    /// The file ends early: bytes that should be there, bytes that are.
    case truncated(expected: Int, found: Int)
    /// The header is no acceptable JSON object.
    case header(String)
    /// One tensor's entry or data is at fault.
    case tensor(name: String, trouble: String)

    /// What is wrong, naming the tensor where there is one.
    public var description: String {
        switch self {
        case .system(let action, let reason): "\(action) failed: \(reason)"
        case .truncated(let expected, let found): "safetensors file is truncated: \(expected) bytes expected, \(found) found"
        case .header(let trouble): "safetensors header: \(trouble)"
        case .tensor(let name, let trouble): "tensor \(name.prefix(200)): \(trouble)"
        }
    }
}
