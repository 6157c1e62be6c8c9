/// The kinds of pictures that are read, and how to tell them from other files.
package enum PictureFormat {
    case png
    case jpeg
    case webp

    /// What all of them are called, in a sentence.
    package static let names = "PNG, JPEG and WebP"

    /// What `bytes` begin as: PNG (specification, section 5.2), JPEG (ITU-T T.81, B.1.1.3: SOI and another marker) or WebP (RFC 9649, 2.4).
    static func detect(_ bytes: [UInt8]) throws(PictureError) -> PictureFormat {
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
        if bytes.starts(with: "RIFF".utf8), bytes.dropFirst(8).starts(with: "WEBP".utf8) { return .webp }
        throw .notAPicture(found: StrangeFile.name(bytes))
    }

    /// Whether a file is a picture that is read by its beginning, or says so by the ending of its name: one that has to decode.
    package static func isClaimed(by path: String, _ beginning: [UInt8]) -> Bool {
        (try? detect(beginning)) != nil || ["png", "jpg", "jpeg", "jpe", "jfif", "webp"].contains(ending(of: path))
    }

    /// The kind of a picture that is not read, such as `gif`, by the ending of the file's name or by what it begins with; nil for no picture.
    package static func unread(_ path: String, _ beginning: [UInt8]) -> String? {
        let ending = ending(of: path)
        return unreadEndings.contains(ending) ? ending : StrangeFile.pictureKind(beginning)
    }

    private static let unreadEndings: Set<String> = [
        "apng", "arw", "avif", "bmp", "cr2", "cr3", "cur", "dds", "dib", "dng", "emf", "eps", "exr", "gif", "hdr", "heic", "heics", "heif",
        "hif", "ico", "j2k", "jp2", "jpf", "jpx", "jxl", "jxr", "nef", "orf", "pam", "pbm", "pcx", "pfm", "pgm", "pict", "pnm", "ppm",
        "psd",
        "qoi", "raf", "ras", "rgb", "rw2", "sgi", "svg", "svgz", "tga", "tif", "tiff", "wmf", "xbm", "xcf", "xpm",
    ]

    /// What stands behind the last dot of a file's name, in small letters; empty where there is none.
    package static func ending(of path: String) -> String {
        let name = path.lastPathPart
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return "" }
        return name[name.index(after: dot)...].lowercased()
    }
}
