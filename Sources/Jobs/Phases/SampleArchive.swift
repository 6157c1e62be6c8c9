import Engine
import Media
import Storage

/// Every sample of a job as a picture of its own, in one tar.
enum SampleArchive {
    /// What it is called.
    static let name = "samples.tar"

    /// Writes it among the job's files.
    ///
    /// - Parameter stages: folders of the archive.
    static func add(_ stages: [(name: String, pictures: Pictures)], to job: RunningJob) throws {
        var items: [ArchiveItem] = []
        for (name, pictures) in stages {
            for index in 0..<pictures.count {
                let number = String(index)
                let path = "\(name)/\(String(repeating: "0", count: max(0, 6 - number.count)))\(number).png"
                // A single picture's grid is the picture.
                let picture = SampleGrid(pictures.taking(index..<(index + 1)))
                let bytes = try PNGEncoder.encode(
                    Picture(width: picture.width, height: picture.height, channels: picture.channels, pixels: picture.bytes))
                items.append(ArchiveItem(path: path, bytes: bytes))
                if index % 64 == 63 { try job.reporter.check() }
            }
        }
        let blob = try job.blob { write in try ArchiveWriter(items).write(as: .tar, to: write) }
        try job.database.jobs.addFile(job.job.id, name: name, blob: blob)
    }
}
