/// What a picture's header says, without decoding it.
package struct PictureInfo: Sendable, Equatable {
    package let width: Int
    package let height: Int
    /// As decoded: 1 (gray, with or without alpha) or 3.
    package let channels: Int

    /// Reads the header of a PNG or JPEG; also refuses what `Picture(decoding:)` would refuse by the header alone.
    package init(of bytes: [UInt8], limits: PictureLimits = PictureLimits()) throws(PictureError) {
        self =
            switch try PictureFormat.detect(bytes) {
            case .png: try PNGDecoder.info(bytes, limits: limits)
            case .jpeg: try JPEGDecoder.info(bytes, limits: limits)
            }
    }

    init(width: Int, height: Int, channels: Int) {
        self.width = width
        self.height = height
        self.channels = channels
    }

    /// Decodes every bit of the picture, a row at a time or at an eighth of its size, and lets go of it: whether `bytes` will decode later.
    package static func validate(_ bytes: [UInt8], limits: PictureLimits = PictureLimits()) throws(PictureError) -> PictureInfo {
        switch try PictureFormat.detect(bytes) {
        case .png: try PNGDecoder.validate(bytes, limits: limits)
        case .jpeg: try JPEGDecoder.validate(bytes, limits: limits)
        }
    }

    /// Bytes of memory that ``validate(_:limits:)`` takes at most, beside `bytes`. Of what is no picture nothing is decoded.
    package static func validationCost(_ bytes: [UInt8]) -> Int {
        switch try? PictureFormat.detect(bytes) {
        case .png: PNGDecoder.validationCost(bytes)
        case .jpeg: JPEGDecoder.validationCost(bytes)
        case nil: 0
        }
    }
}
