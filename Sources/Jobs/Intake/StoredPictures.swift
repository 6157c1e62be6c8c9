import Engine
import Foundation
import Hashing
import Media
import Storage
import Synchronization

/// A dataset in the store, read picture by picture: cropped, resized and decoded as a model needs it.
package final class StoredPictures: Sendable {
    private let pictures: [DatasetRecord.Picture]
    let classes: PictureClasses?
    private let hasCaptions: Bool
    /// Whether pictures are turned as EXIF says.
    let isTurned: Bool
    private let descriptor: Int32
    /// Decoded pictures, kept while there is room.
    private let decoded = Mutex<(pictures: [Int: [UInt8]], bytes: Int)>(([:], 0))
    static let cacheLimit = 512 << 20

    /// The pictures' embeddings; nil where the dataset has none.
    package let embeddings: StoredEmbeddings?

    /// Opens the dataset's files, which hold what was stored.
    ///
    /// - Throws: ``StorageError``.
    package init(_ database: Database, _ id: String) throws {
        let record = try database.datasets.get(id)
        pictures = try database.datasets.pictures(of: id)
        let described = try DatasetDescriptor(record)
        (classes, hasCaptions, isTurned) = (described.classes, described.captions > 0, described.isTurned)
        embeddings = try StoredEmbeddings(database, record)
        descriptor = try database.blobs.open(record.pack, of: .dataset, id, file: DatasetRecord.packName)
    }

    deinit { close(descriptor) }

    /// The pictures as a model takes them, and what it is told of them.
    func set(for model: any Architecture) -> PictureSet { set(for: model, told: conditions(for: model)) }

    /// The pictures as a model takes them that is told what is given.
    func set(for model: any Architecture, told conditions: Conditions?) -> PictureSet {
        let shape = model.sampleShape
        return PictureSet(count: pictures.count, shape: shape, conditions: conditions) { index in
            try self.picture(index, shape)
        }
    }

    /// The classes of the pictures, for a model that is told classes.
    func conditions(for model: any Architecture) -> Conditions? {
        guard let condition = model.condition, case .classNumber = condition, let classNumbers, let classes else { return nil }
        return condition.conditions(of: classNumbers, among: classes.count)
    }

    /// How many pictures.
    package var count: Int { pictures.count }

    /// The number of each picture's class, in order; nil where there are no classes.
    package var classNumbers: [Int]? {
        classes.map { classes in pictures.map { $0.classNumber ?? classes.number(of: $0.path) ?? 0 } }
    }

    /// Each picture's caption, in order, an empty one where it has none; nil where no picture has one.
    package var captions: [String]? { hasCaptions ? pictures.map { $0.caption ?? "" } : nil }

    /// What each picture is of, in order: its caption, or its class's name; nil where there are neither.
    var words: [String]? {
        if let captions { return captions }
        guard let classes, let classNumbers else { return nil }
        return classNumbers.map(classes.name)
    }

    /// SHA-256 of all pictures' files, one after the other in the order of their paths, in hexadecimal.
    ///
    /// - Parameter progress: called after each picture; what it throws ends the walk.
    func digest(_ progress: () throws -> Void) throws -> String {
        var hash = MessageDigest(.sha256)
        for picture in pictures {
            hash.update(try read(picture))
            try progress()
        }
        return hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private func picture(_ index: Int, _ shape: Shape) throws -> [UInt8] {
        if let known = decoded.withLock({ $0.pictures[index] }) { return known }
        let bytes = try load(index, shape)
        decoded.withLock { cache in
            guard cache.bytes + bytes.count <= Self.cacheLimit else { return }
            cache.pictures[index] = bytes
            cache.bytes += bytes.count
        }
        return bytes
    }

    /// A picture as it is in the store, made what a model takes.
    func load(_ index: Int, _ shape: Shape) throws -> [UInt8] {
        try Picture(decoding: try read(pictures[index]), isTurned: isTurned).cropAndResize(toHeight: shape.height, width: shape.width)
            .asColour(shape.channels == 3).pixels
    }

    private func read(_ picture: DatasetRecord.Picture) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(picture.length))
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress! + done, $0.count - done, off_t(picture.offset) + off_t(done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw StorageError.file(doing: "read a picture of", path: picture.path, errno: errno) }
            done += count
        }
        return bytes
    }
}

extension Picture {
    /// The picture as RGB, when it is to be colour and is gray: the same value three times, as Pillow's `convert("RGB")`.
    fileprivate func asColour(_ isColour: Bool) -> Picture {
        guard isColour, channels == 1 else { return self }
        return Picture(width: width, height: height, channels: 3, pixels: pixels.flatMap { [$0, $0, $0] })
    }
}
