/// What can be wrong with a graph or with the numbers handed to it.
public enum GraphError: Error, Equatable, CustomStringConvertible {
    /// A node got inputs whose shapes do not fit together.
    case shape(node: String, expected: String, found: String)
    /// A checkpoint lacks a tensor that the model needs.
    case missingTensor(String)
    /// A checkpoint holds a tensor that the model does not know.
    case unexpectedTensor(String)
    /// A tensor has another shape than the model's.
    case tensorShape(name: String, expected: [Int], found: [Int])
    /// How a checkpoint's names may be meant that are not the model's, as a sentence.
    case reading(String)

    /// What is wrong, safe to show.
    public var description: String {
        switch self {
        case .shape(let node, let expected, let found): "\(node): expected \(expected), found \(found)"
        case .missingTensor(let name): "tensor \(name) is missing"
        case .unexpectedTensor(let name): "tensor \(name) is not part of this architecture"
        case .reading(let sentence): sentence
        case .tensorShape(let name, let expected, let found): "tensor \(name) has shape \(found), expected \(expected)"
        }
    }
}
