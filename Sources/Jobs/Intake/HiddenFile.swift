import Media

/// Files that whoever packed a folder did not mean: hidden ones, and what systems and programs leave behind.
enum HiddenFile {
    /// By their whole names, in small letters, and how they are told.
    private static let folders = named([
        "__MACOSX", ".AppleDouble", "$RECYCLE.BIN", "System Volume Information", "@eaDir", "#recycle", "lost+found", ".git",
        ".ipynb_checkpoints", "__pycache__", ".cache",
    ])
    private static let files = named([
        ".DS_Store", "Icon", "Thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", ".gitattributes", ".gitignore", ".git",
    ])

    private static func named(_ names: [String]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: names.map { ($0.lowercased(), $0) })
    }

    /// What hides a file: its name, or that of a folder around it; nil where nothing does. Pictures there are no pictures of the data set: a
    /// notebook keeps copies in `.ipynb_checkpoints`, and a Synology its thumbnails in `@eaDir`.
    static func kind(_ path: String) -> String? {
        let parts = path.pathParts
        for folder in parts.dropLast() {
            if let name = folders[folder.lowercased()] { return name }
            if folder.hasPrefix(".") { return "hidden" }
        }
        guard let file = parts.last else { return nil }
        if let name = files[file.lowercased()] { return name }
        return file.hasPrefix("._") ? "._*" : file.hasPrefix(".") ? "hidden" : nil
    }
}
