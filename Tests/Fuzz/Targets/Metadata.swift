@testable import Jobs

/// Rows as their bytes come; nil where they are refused.
private func rows(_ format: MetadataReader.Format, _ bytes: [UInt8], pieces: Int) -> [MetadataReader.Row]? {
    var reader = MetadataReader(format, path: "folder/metadata")
    var rows: [MetadataReader.Row] = []
    do throws(MetadataError) {
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            rows += try reader.rows(in: bytes[start..<min(start + pieces, bytes.count)])
        }
        if let row = try reader.end() { rows.append(row) }
        return rows
    } catch {
        _ = error.description
        return nil
    }
}

/// Labels and captions of pictures, as lines and as a table: the same rows however their bytes come, of pictures within the archive.
@Sendable func metadataIsReadAlikeHoweverItIsSplit(_ bytes: [UInt8]) {
    for format in [MetadataReader.Format.lines, .table] {
        let whole = rows(format, bytes, pieces: 1 << 20)
        require(rows(format, bytes, pieces: 7) == whole, "rows depend on how bytes come")
        guard let whole else { continue }
        var metadata = PictureMetadata()
        metadata.begin("folder/metadata")
        var pictures: [String] = []
        for row in whole {
            // By bytes: a slash and a mark that is put upon it are one Character.
            let parts = row.picture.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Array.init)
            require(
                parts.count > 1 && !parts.contains([]) && !parts.contains(Array(".".utf8)), "a picture has no path: \(row.picture)")
            require(!parts.contains(Array("..".utf8)), "a path leads out: \(row.picture)")
            require(row.text?.utf8.contains(0) != true && row.text?.isEmpty != true, "a caption is empty or has zero bytes")
            guard (try? metadata.add(row)) != nil else { return }
            pictures.append(row.picture)
        }
        guard let given = try? metadata.given(to: pictures, beside: []) else { continue }
        require(given.captions.isEmpty || given.captions.count == pictures.count, "captions are missing")
        guard let classes = given.classes else { continue }
        require(given.numbers?.count == pictures.count, "a picture has no class")
        require(given.numbers?.allSatisfy { (0..<classes.count).contains($0) } == true, "a class is beyond the last")
        require(classes.count <= PictureClasses.most && classes.names.count <= classes.count, "more classes than may be")
    }
}
