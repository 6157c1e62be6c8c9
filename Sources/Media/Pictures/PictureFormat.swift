/// The kinds of pictures that are read, and how to tell them from other files.
package enum PictureFormat {
    case png
    case jpeg

    /// What `bytes` begin as: PNG (specification, section 5.2) or JPEG (ITU-T T.81, B.1.1.3: SOI and another marker).
    static func detect(_ bytes: [UInt8]) throws(PictureError) -> PictureFormat {
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
        if bytes.isEmpty { throw .notAPicture(found: "empty") }
        let others: [(String, String)] = [
            ("GIF8", "a GIF"), ("BM", "a BMP"), ("RIFF", "WebP or another RIFF file"), ("II*\0", "a TIFF"), ("MM\0*", "a TIFF"),
        ]
        throw .notAPicture(found: others.first { bytes.starts(with: $0.0.utf8) }?.1 ?? "something else")
    }

    /// Whether a file is a PNG or JPEG by its beginning, or says so by the ending of its name: one that has to decode.
    package static func isClaimed(by path: String, _ beginning: [UInt8]) -> Bool {
        (try? detect(beginning)) != nil || ["png", "jpg", "jpeg", "jpe", "jfif"].contains(ending(of: path))
    }

    /// The kind of a picture that is not read, such as `webp`, by the ending of the file's name or by what it begins with; nil for no picture.
    package static func unread(_ path: String, _ beginning: [UInt8]) -> String? {
        let ending = ending(of: path)
        if unreadEndings.contains(ending) { return ending }
        if beginning.starts(with: Array("GIF8".utf8)) { return "gif" }
        if beginning.starts(with: Array("RIFF".utf8)), beginning.dropFirst(8).starts(with: Array("WEBP".utf8)) { return "webp" }
        if beginning.starts(with: Array("II*\0".utf8)) || beginning.starts(with: Array("MM\0*".utf8)) { return "tiff" }
        return nil
    }

    private static let unreadEndings: Set<String> = [
        "avif", "bmp", "exr", "gif", "heic", "heif", "jp2", "jxl", "pbm", "pgm", "ppm", "svg", "tga", "tif", "tiff", "webp",
    ]

    /// What stands behind the last dot of a file's name, in small letters; empty where there is none.
    package static func ending(of path: String) -> String {
        let name = path.split(separator: "/").last ?? ""
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return "" }
        return name[name.index(after: dot)...].lowercased()
    }
}
