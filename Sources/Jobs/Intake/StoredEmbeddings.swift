import Engine
import Foundation
import Storage

/// A dataset's embeddings in the store, read picture by picture: what a text encoder would have made of their captions.
package final class StoredEmbeddings: Sendable {
    /// How many pictures have one: all.
    package let count: Int
    /// Vectors of each.
    package let length: Int
    /// Numbers of each vector.
    package let width: Int
    /// Whether the file tells the empty condition; else it is zeros.
    package let hasEmpty: Bool
    private let reader: SafeTensorsReader

    /// Opens those of a dataset, which hold what was stored; nil where it has none.
    ///
    /// - Throws: ``StorageError``, ``SafeTensorsError``.
    init?(_ database: Database, _ record: DatasetRecord) throws {
        let descriptor = try DatasetDescriptor(record)
        guard let digest = record.embeddings, let file = descriptor.embeddings else { return nil }
        // Reads the file through, where that was not done before.
        close(try database.blobs.open(digest, of: .dataset, record.id, file: DatasetRecord.embeddingsName))
        reader = try SafeTensorsReader(path: database.blobs.url(for: digest).path)
        (count, length, width, hasEmpty) = (descriptor.images, file.length, file.width, file.hasEmpty)
    }

    /// Numbers of one embedding: length · width.
    package var size: Int { length * width }

    /// Reads a picture's, by its place in the order of paths, row by row: (length, width).
    ///
    /// - Parameter destination: has room for ``size`` numbers.
    /// - Throws: ``SafeTensorsError``.
    package func read(_ picture: Int, into destination: UnsafeMutableBufferPointer<Float>) throws(SafeTensorsError) {
        let part = UnsafeMutableBufferPointer(rebasing: destination[..<size])
        try reader.read(EmbeddingsFile.tensor, from: picture * size, into: part)
    }

    /// A picture's, by its place in the order of paths: (length, width).
    ///
    /// - Throws: ``SafeTensorsError``.
    package func of(_ picture: Int) throws(SafeTensorsError) -> [Float] {
        try numbers { buffer throws(SafeTensorsError) in try read(picture, into: buffer) }
    }

    /// The condition that says nothing: (length, width).
    ///
    /// - Throws: ``SafeTensorsError``.
    package func empty() throws(SafeTensorsError) -> [Float] {
        guard hasEmpty else { return [Float](repeating: 0, count: size) }
        return try numbers { buffer throws(SafeTensorsError) in try reader.read(EmbeddingsFile.emptyTensor, from: 0, into: buffer) }
    }

    private func numbers(
        _ fill: (UnsafeMutableBufferPointer<Float>) throws(SafeTensorsError) -> Void
    ) throws(SafeTensorsError) -> [Float] {
        var numbers = [Float](repeating: 0, count: size)
        let result = numbers.withUnsafeMutableBufferPointer { buffer in
            Result { () throws(SafeTensorsError) in try fill(buffer) }
        }
        try result.get()
        return numbers
    }
}
