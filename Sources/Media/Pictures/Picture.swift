/// An 8-bit picture in memory, gray or RGB.
package struct Picture: Sendable, Equatable {
    package let width: Int
    package let height: Int
    /// 1 (gray) or 3 (red, green, blue).
    package let channels: Int
    /// (height, width, channels), row by row from the top.
    package let pixels: [UInt8]

    /// A picture of `pixels`, of which there must be height · width · channels.
    package init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0 && (channels == 1 || channels == 3) && pixels.count == width * height * channels)
        self.width = width
        self.height = height
        self.channels = channels
        self.pixels = pixels
    }

    /// Decodes a PNG, JPEG or WebP, told apart by its content.
    ///
    /// As Pillow's `convert("RGB")` does, alpha and transparent colours are dropped, not blended, palettes become colours, and inks (CMYK) are
    /// mixed; gray stays one channel. Of 16 bits the upper 8 are kept. Colour profiles and gamma are ignored.
    ///
    /// - Parameter isTurned: whether the picture is turned as its ``PictureInfo/orientation`` says.
    package init(
        decoding bytes: [UInt8], isTurned: Bool = false, limits: PictureLimits = PictureLimits()
    ) throws(PictureError) {
        let format = try PictureFormat.detect(bytes)
        let stored =
            switch format {
            case .png: try PNGDecoder.decode(bytes, limits: limits)
            case .jpeg: try JPEGDecoder.decode(bytes, limits: limits)
            case .webp: try WebPDecoder.decode(bytes, limits: limits)
            }
        self = isTurned ? stored.upright(from: EmbeddedMetadata(of: bytes, format).orientation) : stored
    }
}
