/// How a picture lies: EXIF's Orientation (Exif 3.0, 4.6.5.1), named by what its first row and first column are.
package enum PictureOrientation: Int, Sendable, CaseIterable {
    /// As it is to be seen.
    case topLeft = 1
    /// Mirrored.
    case topRight
    /// By half a turn.
    case bottomRight
    /// Mirrored, by half a turn.
    case bottomLeft
    /// Mirrored along the diagonal.
    case leftTop
    /// By a quarter turn to the left: it is turned to the right to be seen.
    case rightTop
    /// Mirrored along the other diagonal.
    case rightBottom
    /// By a quarter turn to the right.
    case leftBottom

    /// Whether rows are columns.
    package var swapsSides: Bool { rawValue > 4 }
}

extension Picture {
    /// The picture as it is to be seen, like Pillow's `ImageOps.exif_transpose`.
    package func upright(from orientation: PictureOrientation) -> Picture {
        guard orientation != .topLeft else { return self }
        let (outWidth, outHeight) = orientation.swapsSides ? (height, width) : (width, height)
        let (right, bottom) = (width - 1, height - 1)
        var result: [UInt8] = []
        result.reserveCapacity(pixels.count)
        for y in 0..<outHeight {
            for x in 0..<outWidth {
                let (column, row) =
                    switch orientation {
                    case .topLeft: (x, y)
                    case .topRight: (right - x, y)
                    case .bottomRight: (right - x, bottom - y)
                    case .bottomLeft: (x, bottom - y)
                    case .leftTop: (y, x)
                    case .rightTop: (y, bottom - x)
                    case .rightBottom: (right - y, bottom - x)
                    case .leftBottom: (right - y, x)
                    }
                let start = (row * width + column) * channels
                for channel in 0..<channels { result.append(pixels[start + channel]) }
            }
        }
        return Picture(width: outWidth, height: outHeight, channels: channels, pixels: result)
    }
}
