import Documents
import Foundation
import Media

/// Paths of somebody's machine in a configuration, such as `"_name_or_path": "/home/…/unet"`, which training scripts leave there: they mean
/// nothing anywhere else, and say whose machine it was.
enum PrivatePaths {
    /// The document without them, and the keys that had them; nil where there are none, or it is no JSON object.
    static func removed(from data: Data) -> (data: Data, keys: [String])? {
        guard let document = try? JSON(parsing: Array(data), maximumValues: 10_000), case .object(let members) = document
        else { return nil }
        let keys = members.filter { isPath($0.value) }.map(\.name)
        guard !keys.isEmpty else { return nil }
        return (Data(JSON.object(members.filter { !isPath($0.value) }).pretty.utf8), keys)
    }

    /// Whether a configuration may have them, by its path.
    static func mayBe(in path: String) -> Bool {
        let name = path.lastPathPart
        return name == "config.json" || name == "model_index.json" || name.hasSuffix("_config.json")
    }

    private static func isPath(_ value: JSON) -> Bool {
        guard case .string(let text) = value else { return false }
        let bytes = Array(text.utf8)
        if text.hasPrefix("~/") || text.hasPrefix("\\\\") { return true }
        // A drive of Windows.
        if bytes.count > 3, bytes[1] == UInt8(ascii: ":"), bytes[2] == UInt8(ascii: "\\") || bytes[2] == UInt8(ascii: "/"),
            (0x41...0x5A).contains(bytes[0] & 0xDF)
        {
            return true
        }
        return text.hasPrefix("/") && bytes.count(where: { $0 == UInt8(ascii: "/") }) > 1
    }
}
