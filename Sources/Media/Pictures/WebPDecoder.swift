import CWebP

/// WebP (RFC 9649) through libwebp, still pictures; decoded as libwebp does by default, which is what Pillow shows.
enum WebPDecoder {
    /// The header's figures, checked against the limits.
    static func info(_ bytes: [UInt8], limits: PictureLimits) throws(PictureError) -> PictureInfo {
        var features = WebPBitstreamFeatures()
        try check(WebPGetFeatures(bytes, bytes.count, &features))
        guard features.width > 0, features.height > 0 else { throw .damaged(format: "WebP", reason: "no pixels") }
        try limits.check(width: Int(features.width), height: Int(features.height))
        guard features.has_animation == 0 else { throw .unsupported("an animated WebP") }
        return PictureInfo(
            width: Int(features.width), height: Int(features.height), channels: 3, isTransparent: features.has_alpha != 0)
    }

    /// Decodes a whole file.
    static func decode(_ bytes: [UInt8], limits: PictureLimits) throws(PictureError) -> Picture {
        let info = try info(bytes, limits: limits)
        var status = VP8_STATUS_OK
        let size = info.width * info.height * 3
        let pixels = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            status = withConfiguration { configuration in
                configuration.output.is_external_memory = 1
                configuration.output.u.RGBA.rgba = buffer.baseAddress
                configuration.output.u.RGBA.stride = Int32(info.width * 3)
                configuration.output.u.RGBA.size = size
                return WebPDecode(bytes, bytes.count, &configuration)
            }
            count = status == VP8_STATUS_OK ? size : 0
        }
        try check(status)
        return Picture(width: info.width, height: info.height, channels: 3, pixels: pixels)
    }

    /// Decodes every code of a whole file, but keeps only an eighth of its rows and columns.
    static func validate(_ bytes: [UInt8], limits: PictureLimits) throws(PictureError) -> PictureInfo {
        let info = try info(bytes, limits: limits)
        try check(
            withConfiguration { configuration in
                configuration.options.use_scaling = 1
                configuration.options.scaled_width = Int32((info.width + 7) / 8)
                configuration.options.scaled_height = Int32((info.height + 7) / 8)
                return WebPDecode(bytes, bytes.count, &configuration)
            })
        return info
    }

    /// Bytes of memory that ``validate(_:limits:)`` takes at most: of lossy pictures some rows; of lossless ones, and of transparency, every
    /// pixel in four bytes, transforms that may come to as much again, and the codes' tables.
    static func validationCost(_ bytes: [UInt8]) -> Int {
        var features = WebPBitstreamFeatures()
        guard WebPGetFeatures(bytes, bytes.count, &features) == VP8_STATUS_OK else { return 1 << 20 }
        let (width, height) = (Int(features.width), Int(features.height))
        // What is refused for its size is not decoded.
        guard (try? PictureLimits().check(width: width, height: height)) != nil else { return 1 << 20 }
        var cost = 256 * width + width * height * 3 / 64 + 1 << 20
        for chunk in WebPChunks(bytes) {
            let stream: ArraySlice<UInt8>
            switch chunk.name {
            case "VP8L": stream = bytes[chunk.content].dropFirst(5)
            // The first byte says whether the rest is compressed.
            case "ALPH": stream = bytes[chunk.content].dropFirst()
            default: continue
            }
            cost += 6 * width * height + LosslessWebPStream.tablesSize(stream, width: width, height: height)
        }
        return cost
    }

    private static func withConfiguration(_ body: (inout WebPDecoderConfig) -> VP8StatusCode) -> VP8StatusCode {
        var configuration = WebPDecoderConfig()
        guard WebPInitDecoderConfig(&configuration) != 0 else { return VP8_STATUS_INVALID_PARAM }
        configuration.output.colorspace = MODE_RGB
        defer { WebPFreeDecBuffer(&configuration.output) }
        return body(&configuration)
    }

    private static func check(_ status: VP8StatusCode) throws(PictureError) {
        let reasons = [
            VP8_STATUS_OUT_OF_MEMORY.rawValue: "out of memory", VP8_STATUS_BITSTREAM_ERROR.rawValue: "a bitstream error",
            VP8_STATUS_UNSUPPORTED_FEATURE.rawValue: "an unknown feature", VP8_STATUS_SUSPENDED.rawValue: "end of stream",
            VP8_STATUS_NOT_ENOUGH_DATA.rawValue: "end of stream",
        ]
        guard status == VP8_STATUS_OK else { throw .damaged(format: "WebP", reason: reasons[status.rawValue] ?? "unknown") }
    }
}
