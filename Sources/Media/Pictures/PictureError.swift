/// What can be wrong with a picture.
package enum PictureError: Error, Equatable, Sendable {
    /// Neither PNG, JPEG nor WebP; `found` says what the bytes look like.
    case notAPicture(found: String)
    /// Of a kind that is not taken, such as an animated WebP.
    case unsupported(String)
    /// Cut short or corrupt; `reason` is the decoder's.
    case damaged(format: String, reason: String)
    /// A file of more bytes than are read.
    case tooManyBytes(limit: Int64)
    /// More pixels, or a longer side, than the limits allow.
    case tooLarge(width: Int, height: Int, limit: PictureLimits)
    /// Smaller than what it would have to be scaled down to.
    case tooSmall(width: Int, height: Int, neededWidth: Int, neededHeight: Int)
    /// The encoder failed; `reason` is its own.
    case encoding(reason: String)
}

extension PictureError: CustomStringConvertible {
    /// One sentence that may be shown to whoever sent the picture; it begins in the middle, after the picture's name.
    package var description: String {
        switch self {
        case .notAPicture(let found): "is neither PNG, JPEG nor WebP, but \(found)"
        case .unsupported(let what): "is \(what), which is not supported"
        case .damaged(let format, let reason): "is a \(format) that does not decode: \(reason)"
        case .tooManyBytes(let limit): "is a file of more than \(limit) bytes"
        case .tooLarge(let width, let height, let limit):
            "is \(width)×\(height) pixels; at most \(limit.side) a side and \(limit.pixels) in all are taken"
        case .tooSmall(let width, let height, let neededWidth, let neededHeight):
            "is \(width)×\(height) pixels; at least \(neededWidth)×\(neededHeight) are needed"
        case .encoding(let reason): "cannot be encoded: \(reason)"
        }
    }
}
