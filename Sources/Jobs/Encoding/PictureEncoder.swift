import Engine
import Foundation

/// Encoding at work: the numbers that have been made so far, caption by caption and view by view, as they are saved and kept.
struct PictureEncoder {
    let contents: EncodedPictures.Contents
    private let latents: Buffer
    private let tokens: Buffer
    /// Steps that are done: captions first, then views.
    private(set) var completed = 0

    /// Begins.
    init(_ contents: EncodedPictures.Contents) {
        self.contents = contents
        latents = Buffer(count: contents.views.count * contents.latentCount)
        tokens = Buffer(count: contents.captions.count * contents.tokenCount)
    }

    /// Goes on from what ``write(to:)`` wrote of the same contents.
    ///
    /// - Throws: ``SafeTensorsError`` when the file is of other contents.
    init(_ contents: EncodedPictures.Contents, from path: String) throws(SafeTensorsError) {
        self.init(contents)
        let saved = try SavedBuffers(path: path)
        completed = try saved.word("completed") { Int($0).flatMap { (0...contents.steps).contains($0) ? $0 : nil } }
        for (name, buffer) in buffers { try saved.read(name, into: buffer) }
    }

    private var buffers: [(name: String, buffer: Buffer)] {
        [(EncodedPictures.latents, latents), (EncodedPictures.tokens, tokens)].filter { $0.buffer.count > 0 }
    }

    /// Writes a safetensors file.
    ///
    /// - Parameter sink: takes the file's bytes in order; what it throws ends the writing.
    func write(to sink: @escaping (UnsafeRawBufferPointer) throws -> Void) throws {
        try SavedBuffers.write(buffers, words: ["completed": String(completed)], to: sink)
    }

    /// The first caption that is still to be encoded: their count where all are.
    var nextCaption: Int { min(completed, contents.captions.count) }
    /// The first view that is still to be encoded: their count where all are.
    var nextView: Int { completed - nextCaption }

    /// Takes the numbers of the next step.
    mutating func add(_ numbers: [Float]) {
        let isCaption = completed < contents.captions.count
        let place = isCaption ? completed : completed - contents.captions.count
        let (buffer, count) = isCaption ? (tokens, contents.tokenCount) : (latents, contents.latentCount)
        precondition(numbers.count == count, "\(numbers.count) numbers where there are to be \(count)")
        numbers.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { (buffer.pointer + place * count).update(from: base, count: count) }
        }
        completed += 1
    }
}
