import Engine

/// Why a dataset's file of embeddings is refused. Each is the rest of a sentence that begins with the file's path.
package enum EmbeddingsError: Error, Equatable {
    /// The archive has two such files; this is the other.
    case second(after: String)
    /// It is no safetensors file.
    case unreadable(SafeTensorsError)
    /// The tensor of the embeddings is not there.
    case missing(expected: String, found: [String])
    /// A tensor's numbers are of a format that is not taken.
    case type(tensor: String, found: ScalarType)
    /// A tensor has another shape than it must have; as a text where parts of that are free.
    case shape(tensor: String, expected: String, found: [Int])
    /// A tensor has a number that is none, at this place of all in row-major order.
    case notFinite(tensor: String, index: Int)
}

extension EmbeddingsError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .second(let first): "is a second file of embeddings after \(first): there may be one"
        case .unreadable(let error): "\(error)"
        case .missing(let expected, let found):
            "has no tensor \(expected)"
                + (found.isEmpty ? "" : ", but " + found.prefix(4).map { String($0.prefix(100)) }.joined(separator: ", "))
        case .type(let tensor, let found): "\(tensor) holds \(found.torchName); float32, float16 and bfloat16 are read"
        case .shape(let tensor, let expected, let found): "\(tensor) has shape \(found), expected \(expected)"
        case .notFinite(let tensor, let index): "\(tensor) is not finite at place \(index) of its numbers"
        }
    }
}
