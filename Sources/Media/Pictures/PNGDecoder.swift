import CSpng

/// PNG (third edition) through libspng.
enum PNGDecoder {
    /// The header's figures, checked against the limits.
    static func info(_ bytes: [UInt8], limits: PictureLimits) throws(PictureError) -> PictureInfo {
        try withContext(bytes) { context throws(PictureError) in info(try header(context, limits)) }
    }

    /// Decodes a whole file, up to its IEND chunk.
    static func decode(_ bytes: [UInt8], limits: PictureLimits) throws(PictureError) -> Picture {
        try withContext(bytes) { context throws(PictureError) in
            let header = try header(context, limits)
            let info = info(header)
            // libspng gives plain gray for gray pictures of up to 8 bits only; of others the samples as they are, big-endian.
            let takesSamples = info.channels == 1 && (header.color_type == 4 || header.bit_depth == 16)
            let format: spng_format = info.channels == 3 ? SPNG_FMT_RGB8 : takesSamples ? SPNG_FMT_RAW : SPNG_FMT_G8
            var size = 0
            try check(spng_decoded_image_size(context, Int32(bitPattern: format.rawValue), &size))
            // Deflate reaches 1032 : 1 at most, so a small file cannot make us take much memory.
            guard rawSize(header) / 1032 <= bytes.count else { throw .damaged(format: "PNG", reason: "too short for its size") }
            var status: Int32 = 0
            let pixels = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                status = spng_decode_image(context, buffer.baseAddress, size, Int32(bitPattern: format.rawValue), 0)
                count = status == 0 ? size : 0
            }
            try check(status)
            // The rest of the file, to its end: a picture cut off after its last row is not whole either.
            try check(spng_decode_chunks(context))
            let step = takesSamples ? size / (info.width * info.height) : 1
            return Picture(
                width: info.width, height: info.height, channels: info.channels,
                pixels: step == 1 ? pixels : stride(from: 0, to: size, by: step).map { pixels[$0] })
        }
    }

    /// Decodes a whole file row by row, keeping none.
    static func validate(_ bytes: [UInt8], limits: PictureLimits) throws(PictureError) -> PictureInfo {
        try withContext(bytes) { context throws(PictureError) in
            let header = try header(context, limits)
            guard rawSize(header) / 1032 <= bytes.count else { throw .damaged(format: "PNG", reason: "too short for its size") }
            let format = Int32(bitPattern: SPNG_FMT_RAW.rawValue)
            try check(spng_decode_image(context, nil, 0, format, Int32(bitPattern: SPNG_DECODE_PROGRESSIVE.rawValue)))
            // Of an interlaced picture every pass's rows are put among a whole row's pixels.
            var contents = PNGContents(header)
            var row = [UInt8](repeating: contents.blank, count: Int(header.width) * 8 + 8)
            var status: Int32 = 0
            while status == 0 {
                row.withUnsafeMutableBytes { row in
                    status = spng_decode_row(context, row.baseAddress, rowSize(header))
                    // The last row comes with the end.
                    let isRead = status == 0 || status == Int32(SPNG_EOI.rawValue)
                    if isRead { contents.look(at: UnsafeRawBufferPointer(rebasing: row[..<rowSize(header)])) }
                }
            }
            guard status == Int32(SPNG_EOI.rawValue) else { throw .damaged(format: "PNG", reason: String(cString: spng_strerror(status))) }
            try check(spng_decode_chunks(context))
            var info = info(header)
            info.isTransparent = contents.isTransparent || hasTransparentColours(context, header)
            info.isNarrow = contents.isNarrow
            return info
        }
    }

    /// Whether some of the palette's colours are transparent, or one colour is (PNG, 11.3.1.1).
    private static func hasTransparentColours(_ context: OpaquePointer, _ header: spng_ihdr) -> Bool {
        var transparency = spng_trns()
        guard spng_get_trns(context, &transparency) == 0 else { return false }
        guard header.color_type == 3 else { return true }
        let count = Int(transparency.n_type3_entries)
        return withUnsafeBytes(of: transparency.type3_alpha) { $0.prefix(count).contains { $0 < 0xFF } }
    }

    /// Bytes of memory that ``validate(_:limits:)`` takes at most: some rows, and what compressed texts and profiles may come to.
    static func validationCost(_ bytes: [UInt8]) -> Int {
        let limits = PictureLimits()
        return min(chunkCache + chunkSize, 1032 * bytes.count) + 4 * 8 * limits.side + 1 << 18
    }

    private static let chunkSize = 8 << 20
    private static let chunkCache = 32 << 20

    /// Bytes of a row as it is stored.
    private static func rowSize(_ header: spng_ihdr) -> Int {
        let samples = [2: 3, 4: 2, 6: 4][header.color_type] ?? 1
        return (Int(header.width) * samples * Int(header.bit_depth) + 7) / 8
    }

    private static func withContext<T>(
        _ bytes: [UInt8], _ body: (OpaquePointer) throws(PictureError) -> T
    ) throws(PictureError) -> T {
        guard let context = spng_ctx_new(0) else { throw .damaged(format: "PNG", reason: "out of memory") }
        defer { spng_ctx_free(context) }
        // Texts and profiles are not used; what they may cost is bounded.
        spng_set_chunk_limits(context, chunkSize, chunkCache)
        spng_set_crc_action(context, Int32(SPNG_CRC_ERROR.rawValue), Int32(SPNG_CRC_DISCARD.rawValue))
        let result: Result<T, PictureError> = bytes.withUnsafeBytes { buffer in
            Result { () throws(PictureError) in
                try check(spng_set_png_buffer(context, buffer.baseAddress, buffer.count))
                return try body(context)
            }
        }
        return try result.get()
    }

    private static func header(_ context: OpaquePointer, _ limits: PictureLimits) throws(PictureError) -> spng_ihdr {
        var header = spng_ihdr()
        try check(spng_get_ihdr(context, &header))
        try limits.check(width: Int(header.width), height: Int(header.height))
        return header
    }

    /// Bytes of all rows as they are compressed, without their filter bytes.
    private static func rawSize(_ header: spng_ihdr) -> Int {
        let samples = [2: 3, 4: 2, 6: 4][header.color_type] ?? 1
        return Int(header.width) * samples * Int(header.bit_depth) / 8 * Int(header.height)
    }

    private static func info(_ header: spng_ihdr) -> PictureInfo {
        // Colour types: 0 gray, 2 RGB, 3 palette, 4 gray with alpha, 6 RGB with alpha.
        PictureInfo(
            width: Int(header.width), height: Int(header.height), channels: header.color_type == 0 || header.color_type == 4 ? 1 : 3)
    }

    private static func check(_ status: Int32) throws(PictureError) {
        guard status == 0 else { throw .damaged(format: "PNG", reason: String(cString: spng_strerror(status))) }
    }
}
