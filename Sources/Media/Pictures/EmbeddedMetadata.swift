/// What cameras and editors wrote into a picture's file beside the pixels, as far as it tells how the picture lies.
struct EmbeddedMetadata {
    private var exif: [UInt8] = []
    private var xmp: [UInt8] = []

    /// Bytes of each that are looked at; what comes later is not.
    private static let most = 1 << 20

    /// Walks through a file's segments or chunks; what is broken there ends the walk.
    init(of bytes: [UInt8], _ format: PictureFormat) {
        switch format {
        case .jpeg: walkSegments(bytes)
        case .png: walkChunks(bytes)
        case .webp:
            for chunk in WebPChunks(bytes) {
                if chunk.name == "EXIF" { Self.add(bytes[chunk.content], to: &exif) }
                if chunk.name == "XMP " { Self.add(bytes[chunk.content], to: &xmp) }
            }
        }
    }

    /// By EXIF, or where that does not say by XMP, as Pillow looks for it.
    var orientation: PictureOrientation { ExifBlock(exif)?.orientation ?? xmpOrientation ?? .topLeft }

    /// `tiff:Orientation` as an attribute or as an element.
    private var xmpOrientation: PictureOrientation? {
        let name = Array("tiff:Orientation".utf8)
        var rest = xmp[...]
        while let found = rest.firstRange(of: name) {
            rest = rest[found.upperBound...]
            var value = rest
            if value.starts(with: Array("=\"".utf8)) {
                value = value.dropFirst(2)
            } else if value.first == UInt8(ascii: ">") {
                value = value.dropFirst()
            } else {
                continue
            }
            guard let digit = value.first, (0x30...0x39).contains(digit) else { continue }
            return PictureOrientation(rawValue: Int(digit) - 0x30)
        }
        return nil
    }

    private static func add(_ part: ArraySlice<UInt8>, to whole: inout [UInt8]) { whole += part.prefix(most - whole.count) }

    /// JPEG (ITU-T T.81, B.1.1.3): APP1 segments before the first scan. EXIF of more than one segment goes on in the next.
    private mutating func walkSegments(_ bytes: [UInt8]) {
        let exifName = Array("Exif\0\0".utf8)
        let xmpName = Array("http://ns.adobe.com/xap/1.0/\0".utf8)
        var place = 2
        while place + 4 <= bytes.count {
            guard bytes[place] == 0xFF else {
                place += 1
                continue
            }
            switch bytes[place + 1] {
            case 0xFF: place += 1
            case 0x00, 0x01, 0xD0...0xD8: place += 2
            case 0xD9, 0xDA: return
            case let marker:
                let end = place + 2 + max(2, Int(bytes[place + 2]) << 8 | Int(bytes[place + 3]))
                guard end <= bytes.count else { return }
                let content = bytes[place + 4..<max(place + 4, end)]
                if marker == 0xE1, content.starts(with: exifName) { Self.add(content.dropFirst(exifName.count), to: &exif) }
                if marker == 0xE1, content.starts(with: xmpName) { xmp = Array(content.dropFirst(xmpName.count)) }
                place = end
            }
        }
    }

    /// PNG (third edition, 5.3): eXIf (11.3.3.5), and XMP in an iTXt that is not compressed.
    private mutating func walkChunks(_ bytes: [UInt8]) {
        let xmpName = Array("XML:com.adobe.xmp\0\0\0".utf8)
        var place = 8
        while place + 12 <= bytes.count {
            let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
            let start = place + 8
            guard length <= bytes.count - start - 4 else { return }
            let (type, content) = (bytes[place + 4..<start], bytes[start..<start + length])
            if type.elementsEqual("eXIf".utf8) { exif = Array(content.prefix(Self.most)) }
            if type.elementsEqual("iTXt".utf8), content.starts(with: xmpName) {
                xmp = Array(content.dropFirst(xmpName.count).prefix(Self.most))
            }
            if type.elementsEqual("IEND".utf8) { return }
            place = start + length + 4
        }
    }
}
