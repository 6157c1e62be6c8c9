/// Maps in their borders one below the other, and residuals beside them, zeros in the border.
struct NeighbourhoodBlock {
    let input: Shape
    let outputs: Int
    let layout: NeighbourhoodLayout
    let map: UnsafeMutablePointer<Float>
    let residuals: UnsafeMutablePointer<Float>

    private var lineWidth: Int { input.width + 2 }
    private var imageHeight: Int { input.height + 2 }

    /// A pixel of an image, counted with the border: the map's first is (1, 1).
    private func pixel(_ image: Int, _ y: Int, _ x: Int) -> Int { (image * imageHeight + y) * lineWidth + x }

    func lay(out place: Int, of maps: UnsafePointer<Float>, image: Int, _ residual: (Int, UnsafeMutablePointer<Float>) -> Void) {
        for y in 0..<input.height {
            let (source, target) = ((image * input.height + y) * input.width, pixel(place, y + 1, 1))
            (map + target * input.channels).update(from: maps + source * input.channels, count: input.width * input.channels)
            for x in 0..<input.width { residual(source + x, residuals + (target + x) * outputs) }
        }
    }

    /// One kind of a run's sums.
    func sum(_ kind: Int, _ images: Range<Int>, into slot: UnsafeMutablePointer<Float>) {
        switch kind {
        case 0..<3: products(below: kind, images, into: slot + layout.products[kind])
        case 3: rights(images, into: slot)
        default: borders(images, into: slot)
        }
    }

    /// The pixels from an image's first row to another's last.
    private func stretch(_ images: Range<Int>) -> (start: Int, count: Int) {
        let start = pixel(images.lowerBound, 1, 0)
        return (start, pixel(images.upperBound - 1, input.height + 1, 0) - start)
    }

    private func products(below: Int, _ images: Range<Int>, into target: UnsafeMutablePointer<Float>) {
        let stretch = stretch(images)
        let other = stretch.start + below * lineWidth - (below == 0 ? 0 : 2)
        multiply(
            map + stretch.start * input.channels, input.channels, count: stretch.count, apart: input.channels,
            map + other * input.channels, width: below == 0 ? 3 : 5, into: target)
    }

    /// Σ a(p) P(p+x)ᵀ for so many x from 0, over `count` pixels of two rows of pixels, the second's a map's.
    ///
    /// BLAS refuses rows that lie one upon the other, by which one product would do.
    private func multiply(
        _ a: UnsafePointer<Float>, _ numbers: Int, count: Int, apart: Int, beta: Float = 0, _ pixels: UnsafePointer<Float>, width: Int,
        into target: UnsafeMutablePointer<Float>
    ) {
        let channels = input.channels
        for x in 0..<width {
            Matrix.multiply(
                rows: numbers, columns: channels, inner: count, a, leading: apart, transposeA: true, pixels + x * channels,
                leading: channels, beta: beta, into: target + x * channels, leading: width * channels)
        }
    }

    private func rights(_ images: Range<Int>, into slot: UnsafeMutablePointer<Float>) {
        let (channels, stretch) = (input.channels, stretch(images))
        for row in 0..<3 {
            let other = stretch.start + (row - 1) * lineWidth - 1
            multiply(
                residuals + stretch.start * outputs, outputs, count: stretch.count, apart: outputs, map + other * channels, width: 3,
                into: slot + layout.rights + row * outputs * 3 * channels)
        }
        add(residuals + stretch.start * outputs, outputs, count: stretch.count, apart: outputs, into: slot + layout.residuals)
        add(map + stretch.start * channels, channels, count: stretch.count, apart: channels, into: slot + layout.pixels)
    }

    private func borders(_ images: Range<Int>, into slot: UnsafeMutablePointer<Float>) {
        let channels = input.channels
        let (square, imageSize) = (channels * channels, imageHeight * lineWidth * channels)
        for side in 0..<2 {
            let (y, x) = (side == 0 ? 1 : input.height, side == 0 ? 1 : input.width)
            let rows = slot + layout.rows + side * 3 * square
            for image in images {
                let row = map + pixel(image, y, 1) * channels
                multiply(
                    row, channels, count: input.width, apart: channels, beta: image == images.lowerBound ? 0 : 1, row, width: 3, into: rows)
            }
            let column = map + pixel(images.lowerBound, 1, x) * channels
            let apart = lineWidth * channels
            let count = images.count * imageHeight - 2
            for below in 0..<3 {
                Matrix.multiply(
                    rows: channels, columns: channels, inner: count, column, leading: apart, transposeA: true, column + below * apart,
                    leading: apart, into: slot + layout.columns + (side * 3 + below) * square, leading: channels)
            }
            add(column, channels, count: count, apart: apart, into: slot + layout.pixels + (3 + side) * channels)
            for other in 0..<2 {
                let corner = map + pixel(images.lowerBound, y, other == 0 ? 1 : input.width) * channels
                let place = side * 2 + other
                Matrix.multiply(
                    rows: channels, columns: channels, inner: images.count, corner, leading: imageSize, transposeA: true, corner,
                    leading: imageSize, into: slot + layout.corners + place * square, leading: channels)
                add(corner, channels, count: images.count, apart: imageSize, into: slot + layout.pixels + (5 + place) * channels)
            }
            addRows(images, y, into: slot + layout.pixels + (1 + side) * channels)
        }
    }

    /// The sums of one row of every image.
    private func addRows(_ images: Range<Int>, _ y: Int, into target: UnsafeMutablePointer<Float>) {
        let channels = input.channels
        var sums = [Double](repeating: 0, count: channels)
        for image in images {
            let row = map + pixel(image, y, 1) * channels
            for x in 0..<input.width {
                for channel in 0..<channels { sums[channel] += Double(row[x * channels + channel]) }
            }
        }
        for channel in 0..<channels { target[channel] = Float(sums[channel]) }
    }

    /// Sums of so many columns over rows that lie so far apart, added up in double and rounded once.
    private func add(
        _ rows: UnsafePointer<Float>, _ columns: Int, count: Int, apart: Int, into target: UnsafeMutablePointer<Float>
    ) {
        var sums = [Double](repeating: 0, count: columns)
        sums.withUnsafeMutableBufferPointer { sums in
            guard let sums = sums.baseAddress else { return }
            for row in 0..<count {
                for column in 0..<columns { sums[column] += Double(rows[row * apart + column]) }
            }
            for column in 0..<columns { target[column] = Float(sums[column]) }
        }
    }
}
