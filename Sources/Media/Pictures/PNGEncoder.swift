import CSpng
import Foundation

/// PNG, 8 bits a sample, through libspng.
package enum PNGEncoder {
    /// `picture` as a PNG file.
    package static func encode(_ picture: Picture) throws(PictureError) -> [UInt8] {
        guard let context = spng_ctx_new(Int32(SPNG_CTX_ENCODER.rawValue)) else { throw .encoding(reason: "out of memory") }
        defer { spng_ctx_free(context) }
        var header = spng_ihdr()
        header.width = UInt32(picture.width)
        header.height = UInt32(picture.height)
        header.bit_depth = 8
        header.color_type = picture.channels == 1 ? 0 : 2
        try check(spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1))
        try check(spng_set_ihdr(context, &header))
        try check(
            spng_encode_image(
                context, picture.pixels, picture.pixels.count, Int32(SPNG_FMT_PNG.rawValue), Int32(SPNG_ENCODE_FINALIZE.rawValue)))
        var size = 0
        var status: Int32 = 0
        guard let buffer = spng_get_png_buffer(context, &size, &status) else {
            throw .encoding(reason: String(cString: spng_strerror(status)))
        }
        // The buffer is ours from here (libspng, spng_get_png_buffer).
        defer { free(buffer) }
        return [UInt8](UnsafeRawBufferPointer(start: buffer, count: size))
    }

    private static func check(_ status: Int32) throws(PictureError) {
        guard status == 0 else { throw .encoding(reason: String(cString: spng_strerror(status))) }
    }
}
