extension StringProtocol {
    /// The names that a path has between its slashes, which are bytes: a mark that combines with what stands before it is no part of a slash.
    package var pathParts: [Substring] {
        let text = String(self)
        return text.utf8.split(separator: UInt8(ascii: "/")).map(Substring.init)
    }

    /// The last of ``pathParts``; empty where there is none.
    package var lastPathPart: Substring { pathParts.last ?? "" }
}
