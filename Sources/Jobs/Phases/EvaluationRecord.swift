import Engine
import Foundation

/// How far an evaluation has come: the pictures of each stage so far, and where the drawing of the last of them stands.
final class EvaluationRecord {
    /// What a stage gave so far.
    struct Drawn {
        /// Held-out; nil where there are no pictures.
        let loss: Double?
        /// That drawing its samples took, in all attempts.
        var seconds = 0.0
        /// Its pictures, (samples, channels, height, width).
        var bytes: [UInt8] = []
    }

    /// Stage by stage, as far as they were begun.
    var drawn: [Drawn] = []
    /// Where the next samples stand, which are no pictures yet.
    var sampling: Sampling.State?

    /// Where there is no loss.
    private static let none = "none"

    /// Begins.
    init() {}

    /// Goes on from what ``write(to:)`` wrote.
    ///
    /// - Parameters:
    ///   - stages: how many there are at most.
    ///   - bytes: of all pictures of a stage.
    ///   - numbers: of samples that are drawn together, at most.
    /// - Throws: ``SafeTensorsError`` when the file is of another evaluation.
    init(path: String, stages: Int, bytes: Int, numbers: Int) throws(SafeTensorsError) {
        let saved = try SavedBuffers(path: path)
        let count = try saved.word("stages") { Int($0).flatMap { (0...stages).contains($0) ? $0 : nil } }
        for stage in 0..<count {
            let loss = try saved.word("loss \(stage)") { $0 }
            var found = Drawn(loss: loss == Self.none ? nil : UInt64(loss, radix: 16).map { Double(bitPattern: $0) })
            found.seconds = try saved.word("seconds \(stage)") { Double($0) }
            let size = try saved.word("bytes \(stage)") { Int($0).flatMap { (0...bytes).contains($0) ? $0 : nil } }
            if size > 0 {
                let buffer = Buffer(count: Self.words(size))
                try saved.read("pictures \(stage)", into: buffer)
                found.bytes = Array(UnsafeRawBufferPointer(start: buffer.pointer, count: size))
            }
            drawn.append(found)
        }
        let step = try saved.word("step") { Int($0) }
        guard step > 0 else { return }
        let size = try saved.word("numbers") { Int($0).flatMap { (1...max(1, numbers)).contains($0) ? $0 : nil } }
        let buffer = Buffer(count: size)
        try saved.read("sample", into: buffer)
        sampling = Sampling.State(
            step: step, sample: buffer.array, generator: try saved.word("generator") { TorchGenerator(saved: $0) })
    }

    /// Writes a safetensors file.
    ///
    /// - Parameter sink: takes the file's bytes in order; what it throws ends the writing.
    func write(to sink: @escaping (UnsafeRawBufferPointer) throws -> Void) throws {
        var words = ["stages": String(drawn.count), "step": String(sampling?.step ?? 0)]
        var buffers: [(name: String, buffer: Buffer)] = []
        for (stage, drawn) in drawn.enumerated() {
            words["loss \(stage)"] = drawn.loss.map { String($0.bitPattern, radix: 16) } ?? Self.none
            words["seconds \(stage)"] = String(drawn.seconds)
            words["bytes \(stage)"] = String(drawn.bytes.count)
            guard !drawn.bytes.isEmpty else { continue }
            // Four of them as the bits of a number, which nobody reckons with.
            let buffer = Buffer(count: Self.words(drawn.bytes.count))
            drawn.bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(start: buffer.pointer, count: $0.count).copyMemory(from: $0) }
            buffers.append(("pictures \(stage)", buffer))
        }
        if let sampling {
            words["generator"] = sampling.generator.saved
            words["numbers"] = String(sampling.sample.count)
            let buffer = Buffer(count: sampling.sample.count)
            sampling.sample.withUnsafeBufferPointer { buffer.pointer.update(from: $0.baseAddress!, count: $0.count) }
            buffers.append(("sample", buffer))
        }
        try SavedBuffers.write(buffers, words: words, to: sink)
    }

    private static func words(_ bytes: Int) -> Int { (bytes + MemoryLayout<Float>.stride - 1) / MemoryLayout<Float>.stride }
}
