/// Names of archive entries as safe relative paths: no root, no `..`, no empty or `.` components.
package enum ArchivePath {
    /// Longest path taken, in UTF-8 bytes.
    package static let maximumLength = 1024
    /// Most folders around a file.
    package static let maximumDepth = 32

    /// What is wrong with a name in an encoding of former times, and the way out.
    package static let notUTF8 =
        "not UTF-8; rename the files (convmv -f CP932 -t UTF-8 -r --notest FOLDER, from whatever encoding they have) and pack them again"

    /// The path of an entry named `bytes`; empty for `./` (the folder that was packed).
    package static func normalized(_ bytes: some Collection<UInt8>) throws(ArchiveError) -> String {
        guard let name = String(validating: bytes, as: UTF8.self) else {
            throw .unsafePath(entry: shown(bytes), reason: notUTF8)
        }
        guard bytes.count <= maximumLength else { throw .unsafePath(entry: shown(bytes), reason: "longer than \(maximumLength) bytes") }
        guard bytes.first != UInt8(ascii: "/") else { throw .unsafePath(entry: name, reason: "absolute") }
        var components: [Substring.UTF8View] = []
        for component in name.utf8.split(separator: UInt8(ascii: "/")) where !component.elementsEqual(".".utf8) {
            guard !component.elementsEqual("..".utf8) else { throw .unsafePath(entry: name, reason: "leads out of the archive by ..") }
            guard !component.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
                throw .unsafePath(entry: shown(bytes), reason: "control character")
            }
            // A harmless letter here, a separator where someone unpacks what we send out again.
            guard !component.contains(UInt8(ascii: "\\")) else { throw .unsafePath(entry: name, reason: "backslash") }
            components.append(component)
        }
        guard components.count <= maximumDepth + 1 else {
            throw .unsafePath(entry: shown(bytes), reason: "more than \(maximumDepth) folders deep")
        }
        return components.map { String(Substring($0)) }.joined(separator: "/")
    }

    /// Whether `path` is something operating systems leave behind: `._*`, `.DS_Store`, anything in `__MACOSX`.
    static func isLitter(_ path: String) -> Bool {
        let components = path.pathParts
        guard let last = components.last else { return false }
        return last.hasPrefix("._") || last == ".DS_Store" || components.contains("__MACOSX")
    }

    /// Whether `name` is that of the file in which macOS keeps a folder's own icon, the one name of theirs that is no safe one.
    static func isFolderIcon(_ name: some BidirectionalCollection<UInt8>) -> Bool {
        let icon = "Icon\r".utf8
        let start = name.dropLast(icon.count)
        return name.suffix(icon.count).elementsEqual(icon) && (start.isEmpty || start.last == UInt8(ascii: "/"))
    }

    /// Strips `./` and, when every path lies in one and the same top folder, that folder; order is kept.
    package static func withoutCommonTopFolder(_ paths: [String]) -> [String] {
        let strips = commonTopFolder(paths) != nil
        return paths.map { components($0).dropFirst(strips ? 1 : 0).joined(separator: "/") }
    }

    /// The top folder in which every path lies; nil where there is none.
    package static func commonTopFolder(_ paths: [String]) -> String? {
        guard let top = paths.first.flatMap({ components($0).first }) else { return nil }
        let isCommon = paths.allSatisfy { path in
            let components = components(path)
            return components.count > 1 && components[0] == top
        }
        return isCommon ? String(top) : nil
    }

    private static func components(_ path: String) -> [Substring] { path.pathParts.filter { $0 != "." } }

    private static func shown(_ bytes: some Collection<UInt8>) -> String {
        var text = ""
        for scalar in String(decoding: bytes.prefix(200), as: UTF8.self).unicodeScalars {
            text += scalar.value < 0x20 || scalar.value == 0x7F ? scalar.escaped(asASCII: true) : String(scalar)
        }
        return bytes.count > 200 ? text + "…" : text
    }
}
