import CSpng

/// What the rows of a PNG, samples as they are stored, tell beyond its header.
struct PNGContents {
    private let isWide: Bool
    /// Samples of a pixel, the last one of which is alpha where there is one.
    private let samples: Int
    private let hasAlpha: Bool
    /// Whether some pixel is not opaque.
    private(set) var isTransparent = false
    private var brightest: UInt16 = 0

    init(_ header: spng_ihdr) {
        isWide = header.bit_depth == 16
        samples = [2: 3, 4: 2, 6: 4][header.color_type] ?? 1
        hasAlpha = header.color_type == 4 || header.color_type == 6
    }

    /// What a row's bytes are before it is read: of an interlaced picture only some of them are written at first.
    var blank: UInt8 { hasAlpha ? 0xFF : 0 }

    /// Whether samples of 16 bits are of 14 or fewer: of 12-bit data decoding leaves 16 shades of black.
    var isNarrow: Bool { isWide && brightest > 0 && brightest < 0x4000 }

    /// Looks at a row. What nothing more can be learned from is not looked at.
    mutating func look(at row: UnsafeRawBufferPointer) {
        guard isWide || hasAlpha && !isTransparent else { return }
        let bytes = isWide ? 2 : 1
        let step = samples * bytes
        if hasAlpha, !isTransparent {
            var all: UInt8 = 0xFF
            for start in stride(from: (samples - 1) * bytes, to: row.count, by: step) {
                all &= row[start]
                if isWide { all &= row[start + 1] }
            }
            isTransparent = all != 0xFF
        }
        guard isWide, brightest < 0x4000 else { return }
        let colours = hasAlpha ? samples - 1 : samples
        for start in stride(from: 0, to: row.count, by: step) {
            for place in stride(from: start, to: start + 2 * colours, by: 2) {
                brightest = max(brightest, UInt16(row[place]) << 8 | UInt16(row[place + 1]))
            }
        }
    }
}
