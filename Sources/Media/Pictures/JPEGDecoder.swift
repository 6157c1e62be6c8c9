import CTurboJPEG

/// JPEG (ITU-T T.81) through TurboJPEG; decoded as libjpeg does by default (accurate DCT, smooth chroma), which is what Pillow shows.
enum JPEGDecoder {
    /// The header's figures, checked against the limits.
    static func info(_ bytes: [UInt8], limits: PictureLimits) throws(PictureError) -> PictureInfo {
        try withDecoder { decoder throws(PictureError) in try info(decoder, bytes, limits) }
    }

    /// Decodes a whole file; anything the decoder would only warn of (missing data, corrupt codes) is refused.
    static func decode(_ bytes: [UInt8], limits: PictureLimits) throws(PictureError) -> Picture {
        try withDecoder { decoder throws(PictureError) in
            let info = try info(decoder, bytes, limits)
            let size = info.width * info.height * info.channels
            var status: Int32 = 0
            let pixels = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                // Progressive files of very many scans would cost minutes.
                status = tjDecompress2(
                    decoder, bytes, UInt(bytes.count), buffer.baseAddress, Int32(info.width), 0, Int32(info.height),
                    Int32((info.channels == 1 ? TJPF_GRAY : TJPF_RGB).rawValue),
                    TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS)
                count = status == 0 ? size : 0
            }
            guard status == 0 else { throw failure(decoder) }
            return Picture(width: info.width, height: info.height, channels: info.channels, pixels: pixels)
        }
    }

    /// Decodes every code of a whole file, but makes only an eighth of its rows and columns: what is broken shows as it would in all of them.
    static func validate(_ bytes: [UInt8], limits: PictureLimits) throws(PictureError) -> PictureInfo {
        try withDecoder { decoder throws(PictureError) in
            let info = try info(decoder, bytes, limits)
            let (width, height) = ((info.width + 7) / 8, (info.height + 7) / 8)
            var pixels = [UInt8](repeating: 0, count: width * height * info.channels)
            let status = tjDecompress2(
                decoder, bytes, UInt(bytes.count), &pixels, Int32(width), 0, Int32(height),
                Int32((info.channels == 1 ? TJPF_GRAY : TJPF_RGB).rawValue),
                TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS)
            guard status == 0 else { throw failure(decoder) }
            return info
        }
    }

    /// Bytes of memory that ``validate(_:limits:)`` takes at most, by the file's frame header.
    static func validationCost(_ bytes: [UInt8]) -> Int {
        guard let frame = JPEGFrame(bytes) else { return 1 << 20 }
        return frame.coefficientBytes + frame.width / 8 * (frame.height / 8 + 1) * 3 + 64 * frame.width + 1 << 20
    }

    private static func withDecoder<T>(_ body: (tjhandle) throws(PictureError) -> T) throws(PictureError) -> T {
        guard let decoder = tjInitDecompress() else { throw .damaged(format: "JPEG", reason: "out of memory") }
        defer { tjDestroy(decoder) }
        return try body(decoder)
    }

    private static func info(_ decoder: tjhandle, _ bytes: [UInt8], _ limits: PictureLimits) throws(PictureError) -> PictureInfo {
        var width: Int32 = 0
        var height: Int32 = 0
        var subsampling: Int32 = 0
        var space: Int32 = 0
        guard tjDecompressHeader3(decoder, bytes, UInt(bytes.count), &width, &height, &subsampling, &space) == 0 else {
            throw failure(decoder)
        }
        guard width > 0, height > 0 else { throw .damaged(format: "JPEG", reason: "no pixels") }
        try limits.check(width: Int(width), height: Int(height))
        switch UInt32(bitPattern: space) {
        case TJCS_GRAY.rawValue: return PictureInfo(width: Int(width), height: Int(height), channels: 1)
        case TJCS_RGB.rawValue, TJCS_YCbCr.rawValue: return PictureInfo(width: Int(width), height: Int(height), channels: 3)
        default: throw .unsupported("a CMYK JPEG")
        }
    }

    private static func failure(_ decoder: tjhandle) -> PictureError {
        .damaged(format: "JPEG", reason: tjGetErrorStr2(decoder).map { String(cString: $0) } ?? "unknown")
    }
}
