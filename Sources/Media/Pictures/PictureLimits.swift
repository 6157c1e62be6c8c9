/// How large a picture may be; checked before memory is taken for its pixels.
package struct PictureLimits: Sendable, Equatable {
    /// Pixels along one side.
    package var side: Int
    /// Pixels in all.
    package var pixels: Int

    /// Limits that any photograph passes: decoding at most 192 MB at a time, 256 MB of inks, 448 MB of a lossless WebP.
    package init(side: Int = 32_768, pixels: Int = 64 << 20) {
        self.side = side
        self.pixels = pixels
    }

    func check(width: Int, height: Int) throws(PictureError) {
        guard width <= side, height <= side, width * height <= pixels else {
            throw .tooLarge(width: width, height: height, limit: self)
        }
    }
}
