import Documents
import Jobs
import Storage
import Testing

/// Labels and captions from files beside the pictures, as Hugging Face's imagefolder has them.
@Suite struct PictureMetadataTests {
    private let archive: PictureArchive

    init() throws { archive = try PictureArchive() }

    private static let three = ["a/1.png", "a/2.png", "b/3.png"]

    private static func classes(_ counts: [(String, Int)]) -> JSON {
        .array(counts.map { ["name": .string($0.0), "images": .integer($0.1)] })
    }

    @Test(arguments: [
        [
            (
                "metadata.jsonl",
                "{\"file_name\":\"b/3.png\",\"label\":2}\n\n{\"file_name\":\"./a/1.png\",\"label\":7}\r\n{\"label\":2.0,\"file_name\":\"a/2.png\"}"
            )
        ],
        [("metadata.csv", "\u{FEFF}label,file_name,more\r\n7,a/1.png,x\r\n2,\"a/2.png\",\"x\r\ny\"\r\n02,b/3.png,\r\n")],
        // One in each folder, of either kind.
        [
            ("a/metadata.jsonl", "{\"file_name\":\"1.png\",\"label\":7}\n{\"file_name\":\"2.png\",\"label\":2}"),
            ("b/metadata.csv", "file_name,label\n3.png,2\n"),
        ],
    ])
    func wholeNumbersAreTheNumbersOfClasses(texts: [(String, String)]) throws {
        let record = try archive.store(Self.three, texts: texts)
        let payload = try record.payload()
        #expect(payload["classes"] == Self.classes([("2", 2), ("7", 1)]))
        #expect(payload["class_count"] == 8 && payload["captions"] == 0)
        #expect(try record.warnings() == [])
        #expect(try StoredPictures(archive.database, record.id).classNumbers == [7, 2, 2])
    }

    @Test(arguments: [
        (
            "metadata.jsonl",
            """
            {"file_name":"a/1.png","label":"tabby"}
            {"file_name":"a/2.png","label":"Zebra"}
            {"file_name":"b/3.png","label":"10"}
            """, ["10", "Zebra", "tabby"], [2, 1, 0]
        ),
        ("metadata.csv", "file_name,label\na/1.png,10\na/2.png,9\nb/3.png,x", ["10", "9", "x"], [0, 1, 2]),
        // Texts are names, though they look like numbers.
        (
            "metadata.jsonl",
            """
            {"file_name":"a/1.png","label":"10"}
            {"file_name":"a/2.png","label":"9"}
            {"file_name":"b/3.png","label":"8"}
            """, ["10", "8", "9"], [0, 2, 1]
        ),
    ])
    func textsAreNamesOfClasses(path: String, text: String, names: [String], numbers: [Int]) throws {
        let record = try archive.store(Self.three, texts: [(path, text)])
        #expect(try record.payload()["classes"] == Self.classes(names.map { ($0, 1) }))
        #expect(try record.payload()["class_count"] == 3)
        #expect(try StoredPictures(archive.database, record.id).classNumbers == numbers)
    }

    @Test func captionsAreKeptAsTheyAreAndWinOverFolders() throws {
        let record = try archive.store(
            Self.three, texts: [("metadata.csv", "file_name,text\nb/3.png,\"a \"\"cat\"\",\n sitting é\"\na/1.png,\n")])
        #expect(try record.payload()["captions"] == 1)
        #expect(try record.payload()["classes"] == [])
        #expect(
            try record.warnings() == ["2 of 3 pictures have no text and take the empty caption, the first of them a/1.png"])
        let pictures = try StoredPictures(archive.database, record.id)
        #expect(pictures.captions == ["", "", "a \"cat\",\n sitting é"])
        #expect(pictures.classNumbers == nil)
    }

    @Test func captionsAndLabelsMayComeTogether() throws {
        let lines = (1...2).map { #"{"file_name":"\#($0).png","label":"\#($0)","text":"number \#($0)"}"# }
        let record = try archive.store(["1.png", "2.png"], texts: [("metadata.jsonl", lines.joined(separator: "\n"))])
        #expect(try record.payload()["captions"] == 2)
        #expect(try record.payload()["class_count"] == 2)
        #expect(try record.warnings() == [])
        #expect(try StoredPictures(archive.database, record.id).captions == ["number 1", "number 2"])
    }

    @Test func metadataThatSaysNeitherLeavesTheFolders() throws {
        let record = try archive.store(Self.three, texts: [("metadata.csv", "file_name,caption\na/1.png,x\n")])
        #expect(try record.payload()["classes"] == Self.classes([("a", 2), ("b", 1)]))
        #expect(try StoredPictures(archive.database, record.id).classNumbers == [0, 0, 1])
        #expect(try record.warnings() == ["metadata.csv gives no picture a label or a text, but caption"])
    }

    @Test func linesOfFilesThatAreLeftOutAreCounted() throws {
        let record = try archive.store(
            ["1.png"], texts: [("2.gif", "GIF89a"), ("metadata.csv", "file_name,text\n2.gif,x\n1.png,y\n")])
        #expect(
            try record.warnings() == [
                "1 picture was left out, as only PNG, JPEG and WebP are read: 1 gif (2.gif)",
                "metadata of 1 file that was left out is not used",
            ])
        #expect(try StoredPictures(archive.database, record.id).captions == ["y"])
    }

    @Test(arguments: [
        ("metadata.jsonl", "{\"file_name\":\"1.png\",\"label\":1}", "metadata.jsonl has labels, but none of 2.png: each picture needs one"),
        ("metadata.jsonl", "\n{\"file_name\":\"3.png\",\"label\":1}", "metadata.jsonl line 2: 3.png is not in the archive"),
        ("metadata.jsonl", "{\"file_name\":\"1.png\"}\n{\"file_name\":\"./1.png\"}", "metadata.jsonl line 2: 1.png was told of before"),
        ("metadata.jsonl", "{\"label\":1}", "metadata.jsonl line 1: file_name is missing"),
        ("metadata.jsonl", "{\"file_name\":7}", "metadata.jsonl line 1: file_name 7 is no text"),
        ("metadata.jsonl", "{\"file_name\":\"../1.png\"}", "file_name \"../1.png\" is no path within the archive"),
        ("metadata.jsonl", "{\"file_name\":\"\"}", "file_name is empty"),
        ("metadata.jsonl", "[1]", "line 1 is no JSON object: it is another"),
        ("metadata.jsonl", "{\"file_name\":\"1.png\"", "metadata.jsonl line 1 is no JSON object: "),
        (
            "metadata.jsonl", "{\"file_name\":\"1.png\",\"label\":1.5}",
            "line 1: label must be a text of at most 255 bytes or a whole number"
        ),
        ("metadata.jsonl", "{\"file_name\":\"1.png\",\"label\":-1}", "0 to 9999, not -1"),
        ("metadata.jsonl", "{\"file_name\":\"1.png\",\"label\":10000}", "0 to 9999, not 10000"),
        ("metadata.jsonl", "{\"file_name\":\"1.png\",\"label\":true}", "not true"),
        ("metadata.jsonl", "{\"file_name\":\"1.png\",\"text\":[]}", "line 1: text must be a text without zero bytes, not []"),
        ("metadata.jsonl", "{\"file_name\":\"1.png\",\"text\":\"a\\u0000b\"}", "line 1: text must be a text without zero bytes"),
        (
            "metadata.jsonl", "{\"file_name\":\"1.png\",\"label\":3}\n{\"file_name\":\"2.png\",\"label\":\"cat\"}",
            "has labels that are numbers (3) and others that are texts (\"cat\")"
        ),
        ("metadata.jsonl", String(repeating: " ", count: 65_537), "metadata.jsonl line 1 has more than 65536 bytes"),
        ("metadata.csv", "", "metadata.csv has no column file_name"),
        ("metadata.csv", "name,label\n", "metadata.csv has no column file_name"),
        ("metadata.csv", "file_name,label,label\n", "metadata.csv has more than one column label"),
        ("metadata.csv", "file_name,label\n1.png\n", "line 2 has 1 fields, the first line has 2"),
        ("metadata.csv", "file_name,label\n1.png,1\n2.png,\n", "metadata.csv has labels, but none of 2.png"),
        ("metadata.csv", "file_name,label\n1.png,1\n2.png,-4\n", "metadata.csv line 3: label must be"),
        ("metadata.csv", "file_name,text\n1.png,\"a\n", "metadata.csv is no CSV: a quote that is not closed on line 2"),
    ])
    func whatIsWrongIsRefusedByItsLine(path: String, text: String, trouble: String) throws {
        let found = archive.refusal(["1.png", "2.png"], [(path, Array(text.utf8))])
        #expect(found.contains(trouble), "\(found)")
        #expect(try archive.database.examine().strays == 0)
    }

    @Test func aPictureIsNamedInOneFileOnly() throws {
        let found = archive.refusal(
            ["a/1.png"],
            [("a/metadata.csv", Array("file_name,text\n1.png,x".utf8)), ("metadata.jsonl", Array("{\"file_name\":\"a/1.png\"}".utf8))])
        #expect(found == "metadata.jsonl line 1: a/1.png was told of before")
    }

    @Test func thereAreAtMostTenThousandNames() throws {
        let paths = (0...10_000).map { "\($0).png" }
        let lines = paths.map { "\($0),name \($0)\n" }.joined()
        #expect(
            archive.refusal(paths, [("metadata.csv", Array(("file_name,label\n" + lines).utf8))])
                == "metadata.csv has more than 10000 classes")
    }
}
