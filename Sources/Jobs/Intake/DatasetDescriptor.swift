import Documents
import Engine
import Storage

/// What the API says of a dataset beyond its name; kept as JSON in its record.
struct DatasetDescriptor {
    let json: JSON

    /// Reads what a record keeps.
    init(_ record: DatasetRecord) throws {
        json = try JSON(parsing: Array(record.descriptor.utf8)).warning()
    }

    /// Describes pictures that were just read: the smallest width and height among them, and 3 channels unless all are gray.
    init(
        images: Int, traits: PictureTraits, exif: DatasetChoices.Orientation, size: Int64, classes: PictureClasses?, captions: Int,
        embeddings: EmbeddingsFile?, warnings: [Warning]
    ) {
        json = [
            "images": .integer(images), "width": .integer(traits.width.length), "height": .integer(traits.height.length),
            "narrowest": .string(traits.width.path), "lowest": .string(traits.height.path),
            "sizes": traits.counts.json,
            "channels": .integer(traits.channels), "exif": .string(exif.rawValue),
            "classes": classes?.json ?? [], "class_count": .integer(classes?.count ?? 0), "captions": .integer(captions),
            "embeddings": embeddings?.json ?? .null, "size": .integer(Int(size)), "warnings": warnings.json,
        ]
    }

    /// What there is to say.
    var warnings: [Warning] { [Warning](of: json) }
    /// How many pictures.
    var images: Int { json["images"]?.integer ?? 0 }
    /// The smallest width.
    var width: Int { json["width"]?.integer ?? 0 }
    /// The smallest height.
    var height: Int { json["height"]?.integer ?? 0 }
    /// The paths of a picture of the smallest width, and of one of the smallest height; nil of what was stored before they were told.
    var narrowest: String? { path("narrowest") }
    var lowest: String? { path("lowest") }
    /// How many pictures have each size; none of what was stored before they were counted.
    var sizes: PictureSizes { PictureSizes(json["sizes"]) }
    /// Whether pictures are turned as EXIF says.
    var isTurned: Bool { json["exif"] == .string(DatasetChoices.Orientation.apply.rawValue) }
    /// 1 when all are gray, else 3.
    var channels: Int { json["channels"]?.integer ?? 0 }
    /// What its pictures are, by their labels or folders; nil where these tell nothing, and of what was stored before there were classes.
    var classes: PictureClasses? { PictureClasses(json["classes"], count: json["class_count"]?.integer) }
    /// How many pictures have a caption.
    var captions: Int { json["captions"]?.integer ?? 0 }
    /// The embeddings of its pictures; nil where there are none.
    var embeddings: EmbeddingsFile? { EmbeddingsFile(json["embeddings"]) }

    private func path(_ name: String) -> String? { if case .string(let path)? = json[name] { path } else { nil } }
}

extension DatasetRecord {
    /// The API's dataset object, with a warning for each file of it that is known to be damaged.
    package func payload(_ blobs: BlobStore) throws -> JSON {
        try payload().warning(
            files.compactMap { file in
                blobs.damage(of: file.digest).map {
                    Warning(.datasetDamaged, "\(StorageError.damaged(.dataset, id: id, file: file.name, found: $0.found))")
                }
            })
    }

    /// Throws for what is known to be damaged, without reading it.
    ///
    /// - Throws: ``StorageError/damaged(_:id:file:found:)``.
    func refuseKnownDamage(_ blobs: BlobStore) throws(StorageError) {
        for file in files { try blobs.refuseKnownDamage(file.digest, size: file.size, of: .dataset, id, file: file.name) }
    }

    private var files: [(name: String, digest: BlobDigest, size: Int64)] {
        [(Self.packName, pack, packSize)] + (embeddings.map { [(Self.embeddingsName, $0, embeddingsSize)] } ?? [])
    }

    /// What errors call the file of all pictures.
    static let packName = "the pictures"

    /// The API's dataset object.
    package func payload() throws -> JSON {
        let head: JSON = ["id": .string(id), "object": "dataset", "name": .string(name), "created_at": .string(createdAt.text)]
        guard case .object(let described) = try DatasetDescriptor(self).json else { return head }
        // Of what was stored before there was all of this.
        let names = Set(described.map(\.name))
        let classes = try DatasetDescriptor(self).classes?.count ?? 0
        let later: [JSON.Member] = [
            .init("classes", []), .init("class_count", .integer(classes)), .init("captions", 0), .init("embeddings", .null),
            .init("narrowest", .null), .init("lowest", .null), .init("sizes", []),
            .init("exif", .string(DatasetChoices.Orientation.ignore.rawValue)),
        ]
        return head.adding(described + later.filter { !names.contains($0.name) })
    }
}
