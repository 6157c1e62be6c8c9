import Foundation
import Jobs

/// What a tus client says of an upload: pairs of a key and a value in base64, with commas between; values may be left out.
enum UploadMetadata {
    /// Whether it is written as tus has it: keys without spaces and commas, each once, values in base64. What is called `name` or `filename`
    /// is one as a ``GivenName`` may be.
    static func isValid(_ text: String) -> Bool {
        guard !text.isEmpty else { return true }
        var keys: Set<Substring> = []
        return text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { pair in
            let parts = pair.drop { $0 == " " }.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = parts.first, !key.isEmpty, keys.insert(key).inserted else { return false }
            guard parts.count == 2 else { return true }
            guard let value = Data(base64Encoded: String(parts[1])) else { return false }
            guard key == "name" || key == "filename" else { return true }
            return String(validating: value, as: UTF8.self).map { GivenName.trouble($0) == nil } ?? false
        }
    }
}
