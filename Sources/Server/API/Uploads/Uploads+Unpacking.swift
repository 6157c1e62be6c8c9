import Dispatch
import Foundation
import HTTP
import Hashing
import Jobs
import Media
import Storage
import Synchronization

/// Checkpoints: archives are taken apart into blobs.
extension Uploads {
    /// A whole body.
    enum Arrived {
        /// As it came.
        case file(Received)
        /// A tar that was taken apart as it came, and the SHA-256 of the whole, where it was asked for.
        case files(UnpackedFiles, digest: String)

        var digest: String {
            switch self {
            case .file(let received): received.digest
            case .files(_, let digest): digest
            }
        }

        /// Bytes that reading the archive holds from its first file to its last.
        var directoryCost: Int {
            switch self {
            case .file(let received): ZipDirectory.cost(path: received.file.url.path)
            case .files: 0
            }
        }
    }

    /// A checkpoint's files, with what the body calls it beside the upload that it names.
    struct Parts {
        let files: UnpackedFiles
        let name: String?
        let upload: HeldUpload?
    }

    /// Bodies from this size on are taken apart as they come: they need not be written twice.
    private static let largeBody: Int64 = 4 << 20

    /// The whole body, taken apart already where that could be done meanwhile: a large tar.
    func receiveUnpacking(_ body: RequestBody, hashing: Bool) async throws -> Arrived {
        guard let length = body.length, length >= Self.largeBody else { return .file(try await receive(body, hashing: hashing)) }
        var head: [UInt8] = []
        while head.count < 512, let chunk = try await body.next() { head += chunk }
        let first = Mutex<[UInt8]?>(head.isEmpty ? nil : head)
        let whole = RequestBody(length: length) {
            let head = first.withLock { head in
                defer { head = nil }
                return head
            }
            if let head { return head }
            return try await body.next()
        }
        guard ArchiveFormat.isTarHeader(head), unpackers.take() else {
            return .file(try await receive(whole, hashing: hashing))
        }
        defer { unpackers.giveBack() }
        return try await unpackAsItComes(whole, length: length, hashing: hashing)
    }

    private func unpackAsItComes(_ body: RequestBody, length: Int64, hashing: Bool) async throws -> Arrived {
        let pipe = ChunkPipe(capacity: 8)
        let unpacked = Mutex<Result<UnpackedFiles, any Error>?>(nil)
        let unpacker = DispatchGroup()
        Thread.startInBackground("upload-unpack", in: unpacker) {
            let result = Result { try database.blobs.unpack(.stream(ArchiveStream(size: length, pipe.next))) }
            unpacked.withLock { $0 = result }
            pipe.close()
        }
        var hash = MessageDigest(.sha256)
        do {
            // When the unpacker has had enough, it has an error to tell.
            while let chunk = try await body.next() {
                if hashing { hash.update(chunk) }
                guard pipe.push(chunk) else { break }
            }
        } catch {
            pipe.close()
            unpacker.wait()
            throw error
        }
        pipe.close()
        unpacker.wait()
        guard let result = unpacked.withLock({ $0 }) else { preconditionFailure("an unpacker ended without a result") }
        return .files(try result.get(), digest: hashing ? BlobDigest(hash.finalize()).hex : "")
    }

    /// The files of what arrived, or of the upload that it names.
    ///
    /// - Throws: ``ArchiveError``; ``APIError`` 422 when there is no such upload, or when it is not complete.
    func parts(_ arrived: Arrived, type: String?) throws -> Parts {
        switch arrived {
        case .files(let files, _): return Parts(files: files, name: nil, upload: nil)
        case .file(let received):
            let source = try source(received, type: type)
            return try withExtendedLifetime(source) {
                Parts(files: try database.blobs.unpack(.file(path: source.path)), name: source.name, upload: source.upload)
            }
        }
    }
}
