/// What often stands in a file's place: a pointer to it, or a page that says why it did not come.
public enum Placeholder {
    private static let pages = ["<!doctype", "<html", "<head", "<body", "<?xml", "<error"]

    /// What the bytes are, as the end of "is …"; nil of everything else.
    ///
    /// - Parameter beginning: the file's first bytes, some hundred where it has as many.
    public static func name(_ beginning: some Collection<UInt8>) -> String? {
        // Of [Git LFS's pointers](https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md), whose first line is this.
        if beginning.starts(with: "version https://git-lfs".utf8) { return "a Git LFS pointer, not the file itself: git lfs pull gets it" }
        let text = beginning.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }.prefix(16)
        let word = String(decoding: text, as: UTF8.self).lowercased()
        guard let page = pages.first(where: word.hasPrefix) else { return nil }
        let kind = page == "<?xml" || page == "<error" ? "an XML page" : "an HTML page"
        return "\(kind), not the file itself: a download that failed often leaves one"
    }
}
