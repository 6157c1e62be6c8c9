import CTurboJPEG

/// JPEG (ITU-T T.81) through TurboJPEG; decoded as libjpeg does by default (accurate DCT, smooth chroma), which is what Pillow shows.
enum JPEGDecoder {
    /// The header's figures, checked against the limits.
    static func info(_ bytes: [UInt8], limits: PictureLimits) throws(PictureError) -> PictureInfo {
        try withDecoder { decoder throws(PictureError) in try header(decoder, bytes, limits).info }
    }

    /// Decodes a whole file; anything the decoder would only warn of (missing data, corrupt codes) is refused.
    static func decode(_ bytes: [UInt8], limits: PictureLimits) throws(PictureError) -> Picture {
        try withDecoder { decoder throws(PictureError) in
            let (info, form) = try header(decoder, bytes, limits)
            let size = info.width * info.height * form.samples
            var status: Int32 = 0
            var pixels = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                status = decompress(decoder, bytes, into: buffer.baseAddress, info.width, info.height, form)
                count = status == 0 ? size : 0
            }
            guard status == 0 else { throw failure(decoder) }
            if form == .inks { InkMixing.mix(&pixels) }
            return Picture(width: info.width, height: info.height, channels: info.channels, pixels: pixels)
        }
    }

    /// Decodes every code of a whole file, but makes only an eighth of its rows and columns: what is broken shows as it would in all of them.
    static func validate(_ bytes: [UInt8], limits: PictureLimits) throws(PictureError) -> PictureInfo {
        try withDecoder { decoder throws(PictureError) in
            let (info, form) = try header(decoder, bytes, limits)
            let (width, height) = ((info.width + 7) / 8, (info.height + 7) / 8)
            var pixels = [UInt8](repeating: 0, count: width * height * form.samples)
            guard decompress(decoder, bytes, into: &pixels, width, height, form) == 0 else { throw failure(decoder) }
            return info
        }
    }

    /// What the decoder is asked for.
    private enum Form {
        case gray, colours
        /// Cyan, magenta, yellow and black, also of files that hold YCCK.
        case inks

        /// Of a pixel.
        var samples: Int {
            switch self {
            case .gray: 1
            case .colours: 3
            case .inks: 4
            }
        }

        var format: TJPF {
            switch self {
            case .gray: TJPF_GRAY
            case .colours: TJPF_RGB
            case .inks: TJPF_CMYK
            }
        }
    }

    private static func decompress(
        _ decoder: tjhandle, _ bytes: [UInt8], into pixels: UnsafeMutablePointer<UInt8>?, _ width: Int, _ height: Int, _ form: Form
    ) -> Int32 {
        // Progressive files of very many scans would cost minutes.
        tjDecompress2(
            decoder, bytes, UInt(bytes.count), pixels, Int32(width), 0, Int32(height), Int32(form.format.rawValue),
            TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS)
    }

    /// Bytes of memory that ``validate(_:limits:)`` takes at most, by the file's frame header.
    static func validationCost(_ bytes: [UInt8]) -> Int {
        guard let frame = JPEGFrame(bytes) else { return 1 << 20 }
        return frame.coefficientBytes + (frame.width / 8 + 1) * (frame.height / 8 + 1) * 4 + 64 * frame.width + 1 << 20
    }

    private static func withDecoder<T>(_ body: (tjhandle) throws(PictureError) -> T) throws(PictureError) -> T {
        guard let decoder = tjInitDecompress() else { throw .damaged(format: "JPEG", reason: "out of memory") }
        defer { tjDestroy(decoder) }
        return try body(decoder)
    }

    private static func header(
        _ decoder: tjhandle, _ bytes: [UInt8], _ limits: PictureLimits
    ) throws(PictureError) -> (info: PictureInfo, form: Form) {
        var width: Int32 = 0
        var height: Int32 = 0
        var subsampling: Int32 = 0
        var space: Int32 = 0
        guard tjDecompressHeader3(decoder, bytes, UInt(bytes.count), &width, &height, &subsampling, &space) == 0 else {
            throw failure(decoder)
        }
        guard width > 0, height > 0 else { throw .damaged(format: "JPEG", reason: "no pixels") }
        try limits.check(width: Int(width), height: Int(height))
        let form: Form
        switch UInt32(bitPattern: space) {
        case TJCS_GRAY.rawValue: form = .gray
        case TJCS_RGB.rawValue, TJCS_YCbCr.rawValue: form = .colours
        case TJCS_CMYK.rawValue, TJCS_YCCK.rawValue: form = .inks
        default: throw .unsupported("a JPEG of an unknown colour space")
        }
        return (PictureInfo(width: Int(width), height: Int(height), channels: form == .gray ? 1 : 3), form)
    }

    private static func failure(_ decoder: tjhandle) -> PictureError {
        .damaged(format: "JPEG", reason: tjGetErrorStr2(decoder).map { String(cString: $0) } ?? "unknown")
    }
}
