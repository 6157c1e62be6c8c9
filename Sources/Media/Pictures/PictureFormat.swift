/// The kinds of pictures that are read.
enum PictureFormat {
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
}
