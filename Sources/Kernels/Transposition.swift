import CVectors

/// Exchanges rows and columns.
public enum Transposition {
    /// Rows and columns of a square.
    @inlinable @inline(__always) public static var square: Int { 8 }

    /// Writes a square of numbers with rows and columns exchanged.
    ///
    /// - Parameters:
    ///   - apart: floats from one row that is read to the next.
    ///   - step: floats from one row that is written to the next.
    @inlinable @inline(__always)
    public static func square(_ source: UnsafePointer<Float>, apart: Int, into target: UnsafeMutablePointer<Float>, step: Int) {
        transpose_square8(source, apart, target, step)
    }

    /// Writes `rows` rows of `columns` numbers as `columns` rows.
    @inlinable @inline(__always)
    public static func matrix(
        rows: Int, columns: Int, _ source: UnsafePointer<Float>, apart: Int, into target: UnsafeMutablePointer<Float>, step: Int
    ) {
        var row = 0
        while row + square <= rows {
            var column = 0
            while column + square <= columns {
                square(source + row * apart + column, apart: apart, into: target + column * step + row, step: step)
                column += square
            }
            while column < columns {
                for lane in row..<(row + square) { target[column * step + lane] = source[lane * apart + column] }
                column += 1
            }
            row += square
        }
        while row < rows {
            for column in 0..<columns { target[column * step + row] = source[row * apart + column] }
            row += 1
        }
    }
}
