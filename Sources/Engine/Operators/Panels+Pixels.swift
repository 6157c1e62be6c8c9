import Kernels

/// Some channels of a map laid out as a product's right operand.
extension Panels {
    /// Rows as columns; columns beyond the last are zero.
    func transpose(_ source: UnsafePointer<Float>, apart: Int, rows: Int, channels: Int, into target: UnsafeMutablePointer<Float>) {
        for panel in 0..<count(rows) {
            let panelStart = target + panel * channels * width
            let count = min(width, rows - panel * width)
            if count < width { panelStart.update(repeating: 0, count: channels * width) }
            Transposition.matrix(
                rows: count, columns: channels, source + panel * width * apart, apart: apart, into: panelStart, step: width)
        }
    }

    /// Rows as they are, some channels in each panel; channels beyond the last are zero.
    func pack(
        _ source: UnsafePointer<Float>, apart: Int, rows: Int, channels: Int, into target: UnsafeMutablePointer<Float>, panel: Int
    ) {
        for index in 0..<count(channels) {
            let count = min(width, channels - index * width)
            for row in 0..<rows {
                let (from, to) = (source + row * apart + index * width, target + index * panel + row * width)
                to.update(from: from, count: count)
                if count < width { (to + count).update(repeating: 0, count: width - count) }
            }
        }
    }
}
