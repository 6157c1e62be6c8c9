/// Colours of printers' inks as Pillow's `convert("RGB")` mixes them (Pillow, src/libImaging/Convert.c, `cmyk2rgb`), without a profile.
enum InkMixing {
    /// Makes red, green and blue of cyan, magenta, yellow and black, in place. As Adobe's programs write them, and Pillow reads every such
    /// JPEG, 0 is all of an ink.
    static func mix(_ pixels: inout [UInt8]) {
        let count = pixels.count / 4
        pixels.withUnsafeMutableBufferPointer { pixels in
            for pixel in 0..<count {
                let light = Int(pixels[4 * pixel + 3])
                for colour in 0..<3 {
                    let product = (255 - Int(pixels[4 * pixel + colour])) * light + 128
                    pixels[3 * pixel + colour] = UInt8(max(0, light - (product >> 8 + product) >> 8))
                }
            }
        }
        pixels.removeLast(count)
    }
}
