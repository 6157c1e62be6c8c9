/// Where each kind of sum of ``NeighbourhoodSums`` begins.
struct NeighbourhoodLayout {
    /// Products of pixels in the same row, one and two rows below: to the right in the same one, else two to either side.
    let products: [Int]
    /// Σ r P(p + b)ᵀ for the three rows of b.
    let rights: Int
    /// Of the first and the last row: with the pixel itself and two to its right.
    let rows: Int
    /// Of the first and the last column: with the pixel itself and two below it.
    let columns: Int
    /// Of the four corners, with themselves.
    let corners: Int
    /// Of pixels alone: of all, two rows, two columns, four corners.
    let pixels: Int
    let residuals: Int
    let count: Int

    init(channels: Int, outputs: Int) {
        let square = channels * channels
        products = [0, 3 * square, 8 * square]
        rights = 13 * square
        rows = rights + 9 * outputs * channels
        columns = rows + 6 * square
        corners = columns + 6 * square
        pixels = corners + 4 * square
        residuals = pixels + 9 * channels
        count = residuals + outputs
    }
}
