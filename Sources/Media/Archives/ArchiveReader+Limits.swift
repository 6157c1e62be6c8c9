extension ArchiveReader {
    /// How much an archive may hold.
    package struct Limits: Sendable {
        /// Entries, folders and skipped files included.
        package var entries: Int
        /// Uncompressed bytes of all entries together.
        package var totalSize: Int64
        /// Folders that files lie in, and the folders around those.
        package var folders: Int
        /// Bytes of all paths together, of files and of the folders around them: each is kept in memory.
        package var names: Int
        /// How many uncompressed bytes each byte of the archive may become.
        package var ratio: Int64
        /// Uncompressed bytes that any archive may come to, however small it is itself.
        package var ratioFloor: Int64

        /// Limits that fit a million pictures in a hundred thousand folders and a checkpoint of billions of parameters. Weights and
        /// pictures hardly shrink in an archive; blank ones shrink a thousandfold, and stay below the floor.
        package init(
            entries: Int = 1_000_000, totalSize: Int64 = 64 << 30, folders: Int = 100_000, names: Int = 128 << 20, ratio: Int64 = 100,
            ratioFloor: Int64 = 256 << 20
        ) {
            self.entries = entries
            self.totalSize = totalSize
            self.folders = folders
            self.names = names
            self.ratio = ratio
            self.ratioFloor = ratioFloor
        }

        /// Uncompressed bytes that an archive of `packed` bytes may come to by the ratio: a promise, holes in a sparse file and
        /// deflated zeros all count alike.
        func expansion(of packed: Int64) -> Int64 {
            let (product, overflow) = packed.multipliedReportingOverflow(by: ratio)
            return overflow ? .max : max(ratioFloor, product)
        }

        /// Bytes that a gzip of `packed` bytes may hold: the files, and as much again for a tar's headers and padding, as far as so many
        /// entries may have them.
        func streamSize(packed: Int64) -> Int64 {
            let files = min(totalSize, expansion(of: packed))
            return files + min(files, Int64(entries) * 4096 + 1 << 20)
        }
    }
}
