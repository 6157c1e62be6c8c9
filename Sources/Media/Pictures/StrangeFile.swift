import Documents

/// What a file is that is no picture of the kinds that are read, by its first bytes.
enum StrangeFile {
    private struct Kind {
        /// What it begins with, and what stands a few bytes later.
        let beginning: [UInt8]
        var later: (offset: Int, bytes: [UInt8])?
        /// In a sentence.
        let name: String
        /// What files of this kind end with; nil of those that are no pictures.
        let ending: String?

        init(_ beginning: String, _ name: String, _ ending: String?) {
            self.beginning = beginning.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
            (self.name, self.ending) = (name, ending)
        }

        /// A file of ISO's base media format (ISO/IEC 14496-12, 4.3), by its brand.
        init(brand: String, _ name: String, _ ending: String) {
            beginning = [0, 0, 0]
            later = (offset: 4, bytes: Array("ftyp\(brand)".utf8))
            (self.name, self.ending) = (name, ending)
        }

        func fits(_ bytes: [UInt8]) -> Bool {
            bytes.starts(with: beginning) && later.map { bytes.dropFirst($0.offset).starts(with: $0.bytes) } ?? true
        }
    }

    private static let pictures =
        [
            Kind("GIF8", "a GIF", "gif"), Kind("II*\0", "a TIFF", "tiff"), Kind("MM\0*", "a TIFF", "tiff"), Kind("II+\0", "a TIFF", "tiff"),
            Kind("MM\0+", "a TIFF", "tiff"), Kind("\0\0\0\u{0C}jP  ", "a JPEG 2000", "jp2"), Kind("\u{FF}O\u{FF}Q", "a JPEG 2000", "jp2"),
            Kind("\0\0\0\u{0C}JXL ", "a JPEG XL", "jxl"), Kind("\u{FF}\u{0A}", "a JPEG XL", "jxl"), Kind("8BPS", "a PSD", "psd"),
            Kind("qoif", "a QOI", "qoi"), Kind("v/1\u{01}", "an OpenEXR", "exr"), Kind("DDS ", "a DDS", "dds"),
            Kind("\0\0\u{01}\0", "an ICO", "ico"), Kind("gimp xcf", "an XCF", "xcf"), Kind("<svg", "an SVG", "svg"),
        ]
        + ["avif", "avis"].map { Kind(brand: $0, "an AVIF", "avif") }
        + ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"].map { Kind(brand: $0, "a HEIC", "heic") }

    private static let others = [
        Kind("\u{1F}\u{8B}", "gzip-compressed", nil),
        Kind("PK\u{03}\u{04}", "a zip archive", nil), Kind("%PDF", "a PDF", nil), Kind("RIFF", "another RIFF file than WebP", nil),
    ]

    /// What the bytes are, as the end of "is no PNG, but …".
    static func name(_ bytes: [UInt8]) -> String {
        if bytes.isEmpty { return "empty" }
        if let kind = (pictures + others).first(where: { $0.fits(bytes) }) { return kind.name }
        return Placeholder.name(bytes) ?? (isBMP(bytes) ? "a BMP" : "something else")
    }

    /// The usual ending of a picture of another kind; nil of what is no picture.
    static func pictureKind(_ bytes: [UInt8]) -> String? {
        pictures.first { $0.fits(bytes) }?.ending ?? (isBMP(bytes) ? "bmp" : nil)
    }

    /// Two letters alone may begin a text; the four bytes after the size are zeros.
    private static func isBMP(_ bytes: [UInt8]) -> Bool { bytes.starts(with: "BM".utf8) && bytes.dropFirst(6).starts(with: [0, 0, 0, 0]) }
}
