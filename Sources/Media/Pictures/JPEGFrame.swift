/// What a JPEG's frame header says (ITU-T T.81, B.2.2): what decoding it takes.
struct JPEGFrame {
    let width: Int
    let height: Int
    /// Bytes of all coefficients where the decoder must hold them together: where one part of the picture comes in several scans.
    let coefficientBytes: Int

    /// Walks from marker to marker to the first scan; nil when there is no frame before it.
    init?(_ bytes: [UInt8]) {
        var position = 2
        var frame: (isProgressive: Bool, start: Int, length: Int)?
        func word(_ at: Int) -> Int { at + 1 < bytes.count ? Int(bytes[at]) << 8 | Int(bytes[at + 1]) : 0 }
        while position + 4 <= bytes.count {
            guard bytes[position] == 0xFF else {
                // libjpeg looks for the next marker, too.
                position += 1
                continue
            }
            let marker = bytes[position + 1]
            switch marker {
            case 0xFF: position += 1
            case 0x00, 0x01, 0xD0...0xD9: position += 2
            case 0xC0...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
                // Of several, which is an error, the first.
                if frame == nil { frame = (![0xC0, 0xC1, 0xC9].contains(marker), position + 4, word(position + 2) - 2) }
                position += 2 + max(2, word(position + 2))
            case 0xDA:
                guard let frame, frame.length >= 6, frame.start + frame.length <= bytes.count else { return nil }
                let components = Int(bytes[frame.start + 5])
                guard frame.length >= 6 + 3 * components, components > 0 else { return nil }
                height = word(frame.start + 1)
                width = word(frame.start + 3)
                let factors = (0..<components).map { bytes[frame.start + 7 + 3 * $0] }.map { (Int($0 >> 4), Int($0 & 15)) }
                let (widest, tallest) = (max(1, factors.map(\.0).max() ?? 1), max(1, factors.map(\.1).max() ?? 1))
                let inScan = position + 4 < bytes.count ? Int(bytes[position + 4]) : 0
                guard frame.isProgressive || inScan < components else {
                    coefficientBytes = 0
                    return
                }
                // Each component has whole units of 8 × 8 coefficients of two bytes.
                let units = ((width + 8 * widest - 1) / (8 * widest)) * ((height + 8 * tallest - 1) / (8 * tallest))
                coefficientBytes = factors.reduce(0) { $0 + units * $1.0 * $1.1 * 128 }
                return
            default: position += 2 + max(2, word(position + 2))
            }
        }
        return nil
    }
}
