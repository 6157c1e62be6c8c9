import Documents
import Jobs
import Storage
import TestSupport
import Testing

/// What an earlier version stored is told in today's form.
@Suite struct StoredWarningTests {
    @Test func sentencesOfEarlierVersionsGetACode() throws {
        let folder = try TemporaryFolder()
        let database = try Database(folder: folder.url.appending(path: "store"))
        let descriptor: JSON = ["size": 0, "warnings": ["an old sentence", ["code": "exif_ignored", "detail": "a new one"]]]
        let wanted: JSON = [["code": "note", "detail": "an old sentence"], ["code": "exif_ignored", "detail": "a new one"]]
        let checkpoint = try database.checkpoints.insert(name: "old", descriptor: descriptor.compact, files: [])
        #expect(try checkpoint.payload()["warnings"] == wanted)
        let dataset = try database.datasets.insert(
            name: "old", descriptor: descriptor.compact, pack: try database.blobs.writer().finish(), pictures: [])
        #expect(try dataset.payload()["warnings"] == wanted)
        // One that said nothing.
        let silent = try database.checkpoints.insert(name: "silent", descriptor: "{\"size\":0}", files: [])
        #expect(try silent.payload()["warnings"] == [])
    }
}
