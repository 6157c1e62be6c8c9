/// What a picture's file says of it; what only its pixels tell, after they were all decoded.
package struct PictureInfo: Sendable, Equatable {
    /// Pixels of a row as it is stored, whatever the orientation.
    package let width: Int
    package let height: Int
    /// As decoded: 1 (gray, with or without alpha) or 3.
    package let channels: Int
    /// How it lies, by EXIF or XMP.
    package private(set) var orientation = PictureOrientation.topLeft
    /// Whether it is transparent somewhere, which decoding drops.
    package var isTransparent = false
    /// Whether samples of 16 bits keep to the lowest quarter of their range, of which decoding leaves next to nothing.
    package var isNarrow = false

    /// Reads the header of a PNG, JPEG or WebP; also refuses what `Picture(decoding:)` would refuse by the header alone.
    package init(of bytes: [UInt8], limits: PictureLimits = PictureLimits()) throws(PictureError) {
        let format = try PictureFormat.detect(bytes)
        self =
            switch format {
            case .png: try PNGDecoder.info(bytes, limits: limits)
            case .jpeg: try JPEGDecoder.info(bytes, limits: limits)
            case .webp: try WebPDecoder.info(bytes, limits: limits)
            }
        orientation = EmbeddedMetadata(of: bytes, format).orientation
    }

    init(width: Int, height: Int, channels: Int, isTransparent: Bool = false) {
        self.width = width
        self.height = height
        self.channels = channels
        self.isTransparent = isTransparent
    }

    /// Decodes every bit of the picture, a row at a time or at an eighth of its size, and lets go of it: whether `bytes` will decode later.
    package static func validate(_ bytes: [UInt8], limits: PictureLimits = PictureLimits()) throws(PictureError) -> PictureInfo {
        let format = try PictureFormat.detect(bytes)
        var info =
            switch format {
            case .png: try PNGDecoder.validate(bytes, limits: limits)
            case .jpeg: try JPEGDecoder.validate(bytes, limits: limits)
            case .webp: try WebPDecoder.validate(bytes, limits: limits)
            }
        info.orientation = EmbeddedMetadata(of: bytes, format).orientation
        return info
    }

    /// Bytes of memory that ``validate(_:limits:)`` takes at most, beside `bytes`. Of what is no picture nothing is decoded.
    package static func validationCost(_ bytes: [UInt8]) -> Int {
        switch try? PictureFormat.detect(bytes) {
        case .png: PNGDecoder.validationCost(bytes)
        case .jpeg: JPEGDecoder.validationCost(bytes)
        case .webp: WebPDecoder.validationCost(bytes)
        case nil: 0
        }
    }
}
