import Foundation

@testable import Media

private let limits = ArchiveReader.Limits(entries: 64, totalSize: 1 << 20, folders: 32, names: 4096, ratio: 50, ratioFloor: 1 << 16)

/// A tar, tar.gz or zip: what comes out of it stays within every limit, and all paths are safe.
@Sendable func archiveStaysWithinItsLimits(_ bytes: [UInt8]) {
    let bytes = Mending.tar(bytes)
    guard let archive = try? ArchiveReader(path: MemoryFile.path(of: bytes), limits: limits) else { return }
    // Bytes: composed and decomposed letters are other names, and a slash with a mark upon it is one Character.
    var paths: Set<[UInt8]> = []
    var size: Int64 = 0
    defer {
        require(size <= min(limits.totalSize, max(limits.ratioFloor, limits.ratio * Int64(bytes.count))), "\(size) bytes come out")
        require(paths.reduce(0) { $0 + $1.count } <= limits.names, "names are longer than may be")
    }
    do throws(ArchiveError) {
        while let entry = try archive.next() {
            let path = Array(entry.path.utf8)
            require(paths.insert(path).inserted, "a path comes twice")
            let parts = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            require(
                parts.allSatisfy { !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) },
                "a path leads out: \(entry.path)")
            // Every third is passed over.
            if paths.count % 3 == 2 { continue }
            var read: Int64 = 0
            while let chunk = try archive.readChunk() { read += Int64(chunk.count) }
            require(entry.size == nil || entry.size == read, "an entry has another size")
            size += read
        }
    } catch {
        _ = error.description
    }
}

/// A PNG, JPEG or WebP, decoded, cut and resized.
@Sendable func pictureHasItsPixels(_ bytes: [UInt8]) {
    let bytes = Mending.png(bytes)
    let limits = PictureLimits(side: 1024, pixels: 1 << 18)
    let info = try? PictureInfo(of: bytes, limits: limits)
    let isValid = (try? PictureInfo.validate(bytes, limits: limits)) != nil
    do throws(PictureError) {
        let picture = try Picture(decoding: bytes, limits: limits)
        require(isValid, "what decodes is not valid")
        require(picture.pixels.count == picture.width * picture.height * picture.channels, "pixels are missing")
        require(picture.width <= limits.side && picture.width * picture.height <= limits.pixels, "larger than allowed")
        require(
            info.map { [$0.width, $0.height, $0.channels] } == [picture.width, picture.height, picture.channels],
            "the header says something else")
        let turned = try Picture(decoding: bytes, isTurned: true, limits: limits)
        require(turned == picture.upright(from: info?.orientation ?? .topLeft), "it is turned otherwise than its header says")
        _ = try picture.cropAndResize(toHeight: 16, width: 16)
    } catch {
        _ = error.description
    }
}

/// A block of EXIF: whatever it says of how a picture lies, each pixel is there once afterwards.
@Sendable func exifTurnsAPictureOrNot(_ bytes: [UInt8]) {
    guard let orientation = ExifBlock(bytes)?.orientation else { return }
    let pixels = (0..<35).map { UInt8($0) }
    let turned = Picture(width: 7, height: 5, channels: 1, pixels: pixels).upright(from: orientation)
    require(turned.pixels.sorted() == pixels, "pixels are lost")
    require((turned.width == 5) == orientation.swapsSides, "the sides are others")
}

/// The bits of a lossless WebP, which tell what memory its codes' tables take.
@Sendable func webpTakesWhatIsReckoned(_ bytes: [UInt8]) {
    let size = LosslessWebPStream.tablesSize(bytes[...], width: 256, height: 256)
    require(size > 0 && size <= 65_536 * 32_768, "\(size) bytes for tables")
}
