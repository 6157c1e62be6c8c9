import Documents
import Jobs
import Storage
import Testing

/// What an archive of pictures may hold beside them.
@Suite struct DatasetContentTests {
    private let archive: PictureArchive

    init() throws { archive = try PictureArchive() }

    @Test func otherFilesAreLeftOutAndCounted() throws {
        let files = ["notes.txt", "LICENSE", "more.txt", "Thumbs.db", "a.gif", "b.TIF", "c", "d.JPG.txt", "metadata.parquet"]
        let record = try archive.store(["1.png", "2.png"], texts: files.map { ($0, $0 == "c" ? "GIF89a…" : "x") })
        #expect(try record.payload()["images"] == 2)
        #expect(
            try record.warnings() == [
                "3 pictures were left out, as only PNG, JPEG and WebP are read: 2 gif, 1 tif (a.gif, b.TIF, c)",
                "5 files were left out that are no pictures: 3 txt, 1 parquet, 1 without an ending (notes.txt, LICENSE, more.txt, …)",
                "1 file was left out that is hidden or litter: 1 Thumbs.db (Thumbs.db)",
                "metadata.parquet is not read: metadata.jsonl and metadata.csv are",
            ])
    }

    /// By its beginning, or by the ending of its name.
    @Test(arguments: [
        ("a.png", [UInt8]("text".utf8), "a.png is neither PNG, JPEG nor WebP, but something else"),
        ("b/A.JPEG", [], "b/A.JPEG is neither PNG, JPEG nor WebP, but empty"),
        ("picture", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0], "picture is a PNG that does not decode"),
        ("c.webp", Array("RIFF0000WEBP".utf8), "c.webp is a WebP that does not decode"),
        ("notes.txt", [0xFF, 0xD8, 0xFF, 0xE0], "notes.txt is a JPEG that does not decode"),
    ])
    func whatClaimsToBeAPictureHasToBeOne(path: String, bytes: [UInt8], trouble: String) {
        let found = archive.refusal(["1.png"], [(path, bytes)])
        #expect(found.contains(trouble), "\(found)")
    }

    @Test func anArchiveWithoutAPictureIsRefused() {
        #expect(
            archive.refusal([], [("a.txt", [1]), ("b.heic", [2])])
                == "the archive holds no picture that is read, no PNG, JPEG or WebP, but 1 heic (b.heic); 1 txt (a.txt)")
        #expect(
            archive.refusal([], [("metadata.csv", Array("file_name\n".utf8))])
                == "the archive holds no picture that is read, no PNG, JPEG or WebP")
    }

    @Test(arguments: ["F32", "F16", "BF16"])
    func embeddingsAreReadPictureByPicture(type: String) throws {
        let numbers: [Float] = (0..<12).map { Float($0) / 2 }
        let bytes = numbers.flatMap { number -> [UInt8] in
            switch type {
            case "F16": (0..<2).map { UInt8(truncatingIfNeeded: Float16(number).bitPattern >> (8 * $0)) }
            case "BF16": (2..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * $0)) }
            default: (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * $0)) }
            }
        }
        let empty = PictureArchive.tensor("empty", [2, 3], [9, 8, 7, 6, 5, 4])
        let file = PictureArchive.safetensors([("encoder_hidden_states", type, [2, 2, 3], bytes), empty])
        let record = try archive.store(["b/2.png", "a/1.png"], [("data/embeddings.safetensors", file)])
        let name = ["F32": "float32", "F16": "float16", "BF16": "bfloat16"][type] ?? ""
        #expect(try record.payload()["embeddings"] == ["length": 2, "width": 3, "dtype": .string(name), "empty": true])
        #expect(record.embeddingsSize == file.count)
        #expect(try record.payload()["size"]?.integer == Int(record.packSize) + file.count)
        let stored = try #require(try StoredPictures(archive.database, record.id).embeddings)
        #expect(stored.count == 2 && stored.length == 2 && stored.width == 3 && stored.hasEmpty)
        #expect(try stored.of(0) == Array(numbers[..<6]))
        #expect(try stored.of(1) == Array(numbers[6...]))
        #expect(try stored.empty() == [9, 8, 7, 6, 5, 4])
    }

    @Test func withoutAnEmptyConditionItIsZeros() throws {
        let file = PictureArchive.safetensors([PictureArchive.tensor("encoder_hidden_states", [1, 1, 2], [1, 2])])
        let record = try archive.store(["1.png"], [("embeddings.safetensors", file)])
        let stored = try #require(try StoredPictures(archive.database, record.id).embeddings)
        #expect(try stored.empty() == [0, 0] && !stored.hasEmpty)
        #expect(try StoredPictures(archive.database, archive.store(["1.png"]).id).embeddings == nil)
    }

    @Test(arguments: [
        (
            [PictureArchive.tensor("encoder_hidden_states", [2, 1, 1], [1, 2])],
            "encoder_hidden_states has shape [2, 1, 1], expected [1 (as many as pictures), 1 to 4096, 1 to 16384]"
        ),
        ([PictureArchive.tensor("encoder_hidden_states", [1, 2], [1, 2])], "has shape [1, 2], expected"),
        ([PictureArchive.tensor("encoder_hidden_states", [1, 0, 2], [])], "has shape [1, 0, 2], expected"),
        ([PictureArchive.tensor("encoder_hidden_states", [1, 1, 2], [1, .nan])], "encoder_hidden_states is not finite at place 1"),
        (
            [PictureArchive.tensor("encoder_hidden_states", [1, 1, 1], [1]), PictureArchive.tensor("empty", [1, 2], [1, 2])],
            "empty has shape [1, 2], expected [1, 1]"
        ),
        (
            [PictureArchive.tensor("encoder_hidden_states", [1, 1, 1], [1]), PictureArchive.tensor("empty", [1, 1], [.infinity])],
            "empty is not finite at place 0"
        ),
        ([PictureArchive.tensor("prompt_embeds", [1, 1, 1], [1])], "has no tensor encoder_hidden_states, but prompt_embeds"),
        (
            [("encoder_hidden_states", "I64", [1, 1, 1], [UInt8](repeating: 0, count: 8))],
            "encoder_hidden_states holds int64; float32, float16 and bfloat16 are read"
        ),
    ])
    func embeddingsOfAnotherShapeAreRefused(tensors: [(String, String, [Int], [UInt8])], trouble: String) throws {
        let found = archive.refusal(["1.png"], [("embeddings.safetensors", PictureArchive.safetensors(tensors))])
        #expect(found.hasPrefix("embeddings.safetensors ") && found.contains(trouble), "\(found)")
        #expect(try archive.database.examine().strays == 0)
    }

    @Test func oneFileOfEmbeddingsIsEnough() {
        let file = PictureArchive.safetensors([PictureArchive.tensor("encoder_hidden_states", [1, 1, 1], [1])])
        #expect(
            archive.refusal(["1.png"], [("a/embeddings.safetensors", file), ("b/embeddings.safetensors", file)])
                == "b/embeddings.safetensors is a second file of embeddings after a/embeddings.safetensors: there may be one")
        #expect(archive.refusal(["1.png"], [("embeddings.safetensors", [1, 2])]).contains("safetensors file is truncated"))
    }
}
