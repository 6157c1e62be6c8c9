import Documents
import Jobs
import Media
import Storage
import TestSupport
import Testing

/// What may be the matter with the pictures of an archive.
@Suite struct DatasetPictureTests {
    private let archive: PictureArchive

    init() throws { archive = try PictureArchive() }

    private static let skip = DatasetChoices(onError: .skip)

    private static func fixture(_ name: String) throws -> (String, [UInt8]) { (name, try Fixture.bytes("pictures/\(name)")) }

    /// Hidden files and litter, pictures of theirs too, are counted and are no pictures.
    @Test func hiddenFilesAreNoPictures() throws {
        let copy = try Fixture.bytes("pictures/rgb.png")
        let pictures = [
            ".ipynb_checkpoints/1-checkpoint.png", "a/.ipynb_checkpoints/x.png", ".AppleDouble/1.png", ".hidden.png", "a/@eaDir/1.png",
            "__MACOSX/a/1.png", "__MACOSX/._1.png", "__MACOSX/._1.png", "a/._1.png", "#recycle/1.jpg", ".deep/down/1.png",
        ]
        let others = [
            ".DS_Store", "a/.ds_store", "desktop.ini", "Thumbs.DB", ".git/HEAD", ".gitattributes", "@eaDir/1.png@SynoEAStream",
            ".metadata.jsonl",
            ".git/metadata.jsonl", ".x/embeddings.safetensors", "a/metadata.jsonl.txt",
        ]
        let record = try archive.store(["1.png", "a/2.png", "icon/3.png"], pictures.map { ($0, copy) } + others.map { ($0, [1]) })
        #expect(try record.payload()["images"] == 3)
        let warnings = try record.warnings()
        #expect(warnings.count == 2 && warnings[0] == "1 file was left out that is no picture: 1 txt (a/metadata.jsonl.txt)", "\(warnings)")
        #expect(warnings.last?.hasPrefix("21 files were left out that are hidden or litter: ") == true, "\(warnings)")
        #expect(warnings.last?.contains("(.ipynb_checkpoints/1-checkpoint.png, a/.ipynb_checkpoints/x.png, .AppleDouble/1.png, …)") == true)
        #expect(archive.refusal([], [(".x/1.png", copy)]).hasSuffix("no PNG, JPEG or WebP, but 1 hidden (.x/1.png)"))
    }

    /// macOS gives a folder's own icon a name that ends with a carriage return.
    @Test func aFoldersIconIsLitter() throws {
        let record = try archive.store(["1.png"], [("Icon\r", [1]), ("a/Icon\r", [])])
        #expect(try record.warnings() == ["2 files were left out that are hidden or litter: 2 Icon (Icon, a/Icon)"])
        #expect(archive.refusal(["1.png"], [("x\ry", [1])]).contains("unsafe name"))
    }

    private static func broken(_ count: Int) throws -> [(String, [UInt8])] {
        let png = try Fixture.bytes("pictures/rgb.png")
        let kinds: [(String, [UInt8])] = [
            ("b/0.png", Array(png.dropLast(30))), ("b/1.jpg", Array("GIF89a".utf8)), ("b/2.png", []),
            ("b/3.png", Array("version https://git-lfs.github.com/spec/v1\n".utf8)),
        ]
        return Array(kinds.prefix(count)) + (min(4, count)..<count).map { ("b/\($0).webp", [1]) }
    }

    @Test func everyBrokenPictureIsToldInOneAnswer() throws {
        let one = archive.refusal(["1.png"], try Self.broken(1))
        #expect(one == "b/0.png is a PNG that does not decode: end of stream; on_error=skip takes the other one")
        let many = archive.refusal(["1.png", "2.png", "3.png"], try Self.broken(7))
        #expect(
            many
                == "7 pictures cannot be read: b/0.png is a PNG that does not decode: end of stream; b/1.jpg is neither PNG, JPEG nor WebP, but a "
                + "GIF; b/2.png is neither PNG, JPEG nor WebP, but empty; b/3.png is neither PNG, JPEG nor WebP, but a Git LFS pointer, not the "
                + "file itself: git lfs pull gets it; and 3 more; on_error=skip takes the other 3")
        #expect(archive.refusal([], try Self.broken(2)).hasSuffix("but a GIF"))
        #expect(try archive.database.examine().strays == 0)
    }

    @Test func brokenPicturesAreLeftOutWhereThatIsAskedFor() throws {
        let lines = Array("file_name,text\n1.png,x\nb/2.png,y\n".utf8)
        let record = try archive.store(["1.png", "2.png"], try Self.broken(6) + [("metadata.csv", lines)], Self.skip)
        #expect(try record.payload()["images"] == 2)
        let warnings = try record.warnings()
        #expect(
            warnings.first?.hasPrefix("6 pictures were left out, as they cannot be read: b/0.png is a PNG that does not decode") == true)
        #expect(
            warnings.first?.hasSuffix("; and 2 more") == true && warnings.contains("metadata of 1 file that was left out is not used"))
        let none = archive.refusal([], try Self.broken(1), Self.skip)
        #expect(none.hasPrefix("the archive holds no picture that is read, no PNG, JPEG or WebP, but b/0.png is a PNG that"), "\(none)")
    }

    /// A picture that takes more memory than there is ends an upload, or is left out.
    @Test func aPictureTooLargeForTheServerIsLeftOut() throws {
        let memory = RequestMemory(limit: 3 << 20)
        #expect(throws: RequestMemoryError.self) { try archive.store(["1.png"], [Self.fixture("lossless.webp")], memory: memory) }
        let record = try archive.store(["1.png"], [Self.fixture("lossless.webp")], Self.skip, memory: memory)
        #expect(try record.payload()["images"] == 1)
        #expect(try record.warnings().first?.contains("lossless.webp takes more memory") == true)
    }

    @Test func everyKindOfPictureIsTaken() throws {
        let names = ["cmyk.jpg", "ycck.jpg", "rgb.webp", "lossless.webp", "rgba.webp", "gray.jpg", "rgb16.png"]
        let record = try archive.store([], names.map { try Self.fixture($0) })
        #expect(try record.payload()["images"]?.integer == names.count)
        #expect(try record.payload()["channels"] == 3)
    }

    @Test func picturesThatLieOtherwiseAreTurnedOrToldOf() throws {
        let names = ["lying_1.jpg", "lying_3.png", "lying_5.webp", "lying_6.jpg", "lying_8.webp"]
        let files = try names.map { try Self.fixture($0) }
        let record = try archive.store([], files)
        let payload = try record.payload()
        #expect(payload["width"] == 6 && payload["height"] == 4 && payload["exif"] == "ignore")
        #expect(
            try record.warnings() == [
                "4 pictures are turned by their EXIF orientation, which is ignored (exif=apply turns them): lying_3.png, lying_5.webp, "
                    + "lying_6.jpg, …"
            ])
        let turned = try archive.store([], files, DatasetChoices(exif: .apply))
        let described = try turned.payload()
        #expect(described["width"] == 4 && described["height"] == 4 && described["exif"] == "apply")
        #expect(described["narrowest"] == "lying_5.webp" && described["lowest"] == "lying_1.jpg")
        let sizes: JSON = [["width": 4, "height": 6, "images": 3], ["width": 6, "height": 4, "images": 2]]
        #expect(described["sizes"] == sizes)
        #expect(
            try turned.warnings() == [
                "the pictures differ in size; width and height tell the smallest (lying_5.webp is the narrowest, lying_1.jpg the lowest)"
            ])
    }

    @Test func whatDecodingDropsIsCounted() throws {
        let record = try archive.store([], ["rgba.png", "la.png", "opaque.png", "narrow.png", "rgb16.png"].map { try Self.fixture($0) })
        #expect(
            try record.warnings() == [
                "some pictures are gray and are used as colour pictures",
                "2 pictures are transparent, which is dropped: their colours behind show: rgba.png, la.png",
                "1 picture has 16 bits a sample of which the upper two or more are empty: it is nearly black: narrow.png",
            ])
    }

    @Test func theSmallestPictureIsNamed() throws {
        let record = try archive.store(["b/small.png"], [Self.fixture("rgb.png")])
        #expect(try record.payload()["narrowest"] == "b/small.png")
        #expect(try record.warnings().first == "the pictures differ in size; width and height tell the smallest (b/small.png)")
    }
}
