import Documents
import Storage

/// What the API says of a dataset beyond its name; kept as JSON in its record.
struct DatasetDescriptor {
    let json: JSON

    /// Reads what a record keeps.
    init(_ record: DatasetRecord) throws {
        json = try JSON(parsing: Array(record.descriptor.utf8))
    }

    /// Describes pictures that were just read: the smallest width and height among them, and 3 channels unless all are gray.
    init(images: Int, width: Int, height: Int, channels: Int, size: Int64, classes: PictureClasses?, warnings: [String]) {
        json = [
            "images": .integer(images), "width": .integer(width), "height": .integer(height), "channels": .integer(channels),
            "classes": classes?.json ?? [], "size": .integer(Int(size)), "warnings": .array(warnings.map(JSON.string)),
        ]
    }

    /// How many pictures.
    var images: Int { json["images"]?.integer ?? 0 }
    /// The smallest width.
    var width: Int { json["width"]?.integer ?? 0 }
    /// The smallest height.
    var height: Int { json["height"]?.integer ?? 0 }
    /// 1 when all are gray, else 3.
    var channels: Int { json["channels"]?.integer ?? 0 }
    /// The folders that its pictures lie in; nil where they lie in none, and of what was stored before there were classes.
    var classes: PictureClasses? { PictureClasses(json["classes"]) }
}

extension DatasetRecord {
    /// The API's dataset object, with a warning when its pictures are known to be damaged.
    package func payload(_ blobs: BlobStore) throws -> JSON {
        let payload = try payload()
        guard let damage = blobs.damage(of: pack) else { return payload }
        let error = StorageError.damaged(.dataset, id: id, file: Self.packName, found: damage.found)
        return payload.warning(["dataset_damaged: \(error)"])
    }

    /// What errors call the file of all pictures.
    static let packName = "the pictures"

    /// The API's dataset object.
    package func payload() throws -> JSON {
        let head: JSON = ["id": .string(id), "object": "dataset", "name": .string(name), "created_at": .string(createdAt.text)]
        guard case .object(let described) = try DatasetDescriptor(self).json else { return head }
        // Of what was stored before there were classes.
        let missing: [JSON.Member] = described.contains { $0.name == "classes" } ? [] : [.init("classes", [])]
        return head.adding(described + missing)
    }
}
