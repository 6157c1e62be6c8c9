import Foundation
import GRDB

extension Database {
    /// What ``adopt()`` did.
    public struct Adoption: Sendable, Equatable {
        /// Something whose manifest was found and that was not given back.
        public struct Left: Sendable, Equatable {
            /// Its identifier, or the manifest's digest where what it says is not to be believed.
            public let id: String
            /// Why.
            public let reason: String
        }

        /// The checkpoints and datasets that are there again.
        public internal(set) var adopted: [String] = []
        /// What was not given back.
        public internal(set) var left: [Left] = []
    }

    /// Gives back the checkpoints and datasets whose rows were lost, of what lies aside: those whose manifest is there with all that it
    /// names, every digest checked. What has its identifier already is left as it is; what is not used stays aside.
    public func adopt() throws(StorageError) -> Adoption {
        // Nothing may go between its being found and its row.
        blobs.keepAll()
        defer { blobs.stopKeepingAll() }
        var result = Adoption()
        var aside = LyingAside(try blobs.folder.aside.all())
        for (digest, url) in aside.manifests() {
            guard aside.isRight(url, digest), let manifest = Manifest(reading: url) else {
                result.left.append(.init(id: digest.hex, reason: "its manifest is damaged"))
                continue
            }
            let exists = try read("look for \(manifest.id)") { rows in
                try Bool.fetchOne(
                    rows, sql: "SELECT EXISTS (SELECT 1 FROM \(manifest.kind.rawValue)s WHERE id = ?)", arguments: [manifest.id])!
            }
            if exists {
                result.left.append(.init(id: manifest.id, reason: "there is one already"))
            } else if let reason = try restore(manifest, digest, url, &aside) {
                result.left.append(.init(id: manifest.id, reason: reason))
            } else {
                result.adopted.append(manifest.id)
            }
        }
        return result
    }

    /// Moves the files to their places and writes the rows. Returns why not.
    private func restore(
        _ manifest: Manifest, _ digest: BlobDigest, _ url: URL, _ aside: inout LyingAside
    ) throws(StorageError) -> String? {
        var found: [BlobDigest: URL] = [digest: url]
        for file in manifest.files where found[file.digest] == nil {
            let place = blobs.url(for: file.digest)
            if BlobStore.size(of: place.path) == file.size, aside.isRight(place, file.digest) { continue }
            guard let source = aside.find(file.digest) else {
                let isThere = aside.knows(file.digest) || BlobStore.size(of: place.path) != nil
                let name = file.path.isEmpty ? "its pictures" : file.path
                return "\(name) (\(file.digest.hex)) \(isThere ? "is damaged" : "is not there")"
            }
            found[file.digest] = source
        }
        guard let size = BlobStore.size(of: url.path) else { return "its manifest is gone" }
        for (digest, source) in found.sorted(by: { $0.key.hex < $1.key.hex }) {
            try blobs.putBack(source, as: digest)
            aside.isPutBack(digest, at: blobs.url(for: digest))
        }
        try write("adopt \(manifest.id)") { rows in
            try manifest.insert((digest, size), in: rows)
            noteFilled(in: rows)
        }
        return nil
    }
}

/// Files that lie aside under the names of blobs, and which files have been read through.
private struct LyingAside {
    private var places: [BlobDigest: [URL]] = [:]
    private var checked: [URL: Bool] = [:]

    init(_ files: [URL]) {
        for url in files {
            // One that came after another of its name has a number behind it.
            guard let digest = BlobDigest(hex: String(url.lastPathComponent.prefix(64))) else { continue }
            places[digest, default: []].append(url)
        }
    }

    func manifests() -> [(digest: BlobDigest, url: URL)] {
        places.flatMap { digest, urls in urls.filter(Manifest.begins).prefix(1).map { (digest, $0) } }
            .sorted { $0.0.hex < $1.0.hex }
    }

    func knows(_ digest: BlobDigest) -> Bool { places[digest] != nil }

    /// A file with these contents that is still there.
    mutating func find(_ digest: BlobDigest) -> URL? {
        for url in places[digest] ?? [] where access(url.path, F_OK) == 0 && isRight(url, digest) { return url }
        return nil
    }

    mutating func isPutBack(_ digest: BlobDigest, at url: URL) { checked[url] = true }

    /// Whether a file holds what its name says; read once.
    mutating func isRight(_ url: URL, _ digest: BlobDigest) -> Bool {
        if let known = checked[url] { return known }
        let isRight = (try? Database.digest(of: url).digest) == digest
        checked[url] = isRight
        return isRight
    }
}
