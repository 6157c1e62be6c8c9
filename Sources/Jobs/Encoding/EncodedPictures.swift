import Engine
import Foundation

/// What encoding has made of a job's pictures and captions, on the disk: latents of each view, tokens of each caption.
struct EncodedPictures: Sendable {
    /// What is encoded, in the order in which the file has it.
    struct Contents: Sendable {
        /// Of these views of pictures; none where pictures go in as they are.
        let views: [PictureNeeds.View]
        /// Numbers of one view's latents.
        let latentCount: Int
        /// Of these captions, the empty one first; none where none are encoded.
        let captions: [String]
        /// Numbers of one caption's tokens.
        let tokenCount: Int

        /// Steps that encoding takes: one for each caption and each view.
        var steps: Int { captions.count + views.count }
    }

    static let (latents, tokens) = ("latents", "tokens")

    private let reader: SafeTensorsReader
    private let contents: Contents
    private let places: [PictureNeeds.View: Int]
    private let rows: [String: Int]

    /// Opens what ``PictureEncoder/write(to:)`` wrote of the same contents, whole.
    ///
    /// - Throws: ``SafeTensorsError`` when the file is of other contents.
    init(path: String, _ contents: Contents) throws(SafeTensorsError) {
        reader = try SafeTensorsReader(path: path)
        self.contents = contents
        for (name, count) in [
            (Self.latents, contents.views.count * contents.latentCount), (Self.tokens, contents.captions.count * contents.tokenCount),
        ] where count > 0 {
            guard reader[name]?.shape == [count], reader[name]?.type == .float32 else {
                throw .tensor(name: name, trouble: "is not \(count) float32 numbers")
            }
        }
        places = Dictionary(zip(contents.views, contents.views.indices)) { first, _ in first }
        rows = Dictionary(zip(contents.captions, contents.captions.indices)) { first, _ in first }
    }

    /// The latents of a view, (channels, height, width).
    ///
    /// - Throws: ``SafeTensorsError``.
    func latents(_ index: Int, _ isMirrored: Bool) throws -> [Float] {
        guard let place = places[PictureNeeds.View(index: index, isMirrored: isMirrored)] else {
            throw SafeTensorsError.tensor(name: Self.latents, trouble: "has no picture \(index)\(isMirrored ? ", mirrored" : "")")
        }
        return try read(Self.latents, place, contents.latentCount)
    }

    /// The tokens of a caption.
    ///
    /// - Throws: ``SafeTensorsError``.
    func tokens(of caption: String) throws -> [Float] {
        guard let row = rows[caption] else {
            throw SafeTensorsError.tensor(name: Self.tokens, trouble: "has no such caption: \(caption.prefix(60))")
        }
        return try read(Self.tokens, row, contents.tokenCount)
    }

    private func read(_ name: String, _ place: Int, _ count: Int) throws -> [Float] {
        var numbers = [Float](repeating: 0, count: count)
        var failure: SafeTensorsError?
        numbers.withUnsafeMutableBufferPointer { buffer in
            do throws(SafeTensorsError) { try reader.read(name, from: place * count, into: buffer) } catch { failure = error }
        }
        if let failure { throw failure }
        return numbers
    }
}
