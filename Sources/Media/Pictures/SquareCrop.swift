/// The middle of a picture with the proportions of what it is to become.
package struct SquareCrop: Sendable, Equatable {
    /// The corner and the sides of what is kept, in pixels.
    package let x: Int
    package let y: Int
    package let width: Int
    package let height: Int

    /// The largest part of a `width` × `height` picture with the proportions `targetWidth` : `targetHeight`; for a square target the whole shorter side.
    /// The offset along the longer side is half of what is cut off, rounded down.
    package init(width: Int, height: Int, targetWidth: Int, targetHeight: Int) {
        if width * targetHeight > height * targetWidth {
            self.width = max(1, height * targetWidth / targetHeight)
            self.height = height
        } else {
            self.width = width
            self.height = max(1, width * targetHeight / targetWidth)
        }
        x = (width - self.width) / 2
        y = (height - self.height) / 2
    }
}

extension Picture {
    /// The part of the picture that `crop` names.
    package func cropped(to crop: SquareCrop) -> Picture {
        if crop.width == width, crop.height == height { return self }
        var result: [UInt8] = []
        result.reserveCapacity(crop.width * crop.height * channels)
        for row in crop.y..<crop.y + crop.height {
            let start = (row * width + crop.x) * channels
            result += pixels[start..<start + crop.width * channels]
        }
        return Picture(width: crop.width, height: crop.height, channels: channels, pixels: result)
    }

    /// The middle of the picture, scaled down by Pillow's BOX filter to `height` × `width` pixels: what a model of that sample size is trained on.
    ///
    /// Throws `tooSmall` for a picture that would have to be enlarged.
    package func cropAndResize(toHeight height: Int, width: Int) throws(PictureError) -> Picture {
        guard self.width >= width, self.height >= height else {
            throw .tooSmall(width: self.width, height: self.height, neededWidth: width, neededHeight: height)
        }
        let crop = SquareCrop(width: self.width, height: self.height, targetWidth: width, targetHeight: height)
        return BoxResize.resize(cropped(to: crop), width: width, height: height)
    }
}
