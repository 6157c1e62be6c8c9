import Documents
import Foundation

/// Opens a weights file by its content; names say what people hoped it would be.
public enum WeightsFile {
    /// Opens a safetensors file or a file of torch.save.
    ///
    /// - Parameters:
    ///   - path: where it is.
    ///   - name: what it is called in errors.
    /// - Throws: ``CheckpointError/weights(_:)``, ``CheckpointError/torch(path:reason:)``, ``CheckpointError/unsupportedWeights(path:found:)``.
    public static func open(path: String, name: String) throws(CheckpointError) -> any TensorSource {
        let head = head(path)
        if !isSafeTensors(head, fileSize: size(path)) {
            if isTorch(head) { return try TorchWeights(path: path, name: name) }
            if let found = stranger(head) { throw .unsupportedWeights(path: name, found: found) }
        }
        do { return try SafeTensorsReader(path: path) } catch { throw .weights(error) }
    }

    /// Whether a file is safetensors as far as its beginning tells: a header's length that the file has room for, and JSON's `{`, which may come
    /// after spaces. The length alone may look like another kind's first bytes: of 640 like a pickle's, of 19280 like a zip's.
    ///
    /// - Parameter head: the file's first bytes, 512 where it has as many.
    package static func isSafeTensors(_ head: [UInt8], fileSize: Int) -> Bool {
        guard let length = headerLength(head), length <= UInt64(max(0, fileSize - 8)) else { return false }
        return head[8...].first { $0 != UInt8(ascii: " ") } == UInt8(ascii: "{")
    }

    /// Whether a file is of torch.save as far as its beginning tells.
    private static func isTorch(_ head: [UInt8]) -> Bool { head.starts(with: Array("PK".utf8)) || TorchWeights.isLegacy(head) }

    /// The first eight bytes as safetensors has them; nil where there are no more.
    private static func headerLength(_ head: [UInt8]) -> UInt64? {
        head.count > 8 ? (0..<8).reduce(0) { $0 | UInt64(head[$1]) << (8 * UInt64($1)) } : nil
    }

    private static func size(_ path: String) -> Int {
        ((try? FileManager.default.attributesOfItem(atPath: path)[.size]) as? NSNumber)?.intValue ?? 0
    }

    /// Bytes of memory that ``open(path:name:)`` takes at most, by the file's beginning and size.
    public static func openingCost(path: String) -> Int {
        let (head, size) = (head(path), size(path))
        guard let length = headerLength(head) else { return 0 }
        if !isSafeTensors(head, fileSize: size), isTorch(head) { return TorchWeights.openingCost(fileSize: size) }
        return SafeTensorsReader.openingCost(header: Int(clamping: length), fileSize: size)
    }

    /// What to call a file that is weights by itself, by its beginning: safetensors, or what torch.save writes or once wrote; nil of any other.
    public static func name(ofBare path: String) -> String? {
        let head = head(path)
        if isSafeTensors(head, fileSize: size(path)) { return "model.safetensors" }
        if TorchWeights.isLegacy(head) { return "model.ckpt" }
        // The header of a zip's first entry, whose name begins at 30.
        if head.starts(with: [0x50, 0x4B, 0x03, 0x04]), head.count > 30 {
            let length = Int(head[26]) | Int(head[27]) << 8
            guard length <= head.count - 30 else { return nil }
            let name = head[30..<30 + length]
            return name.count(where: { $0 == UInt8(ascii: "/") }) == 1 && name.reversed().starts(with: "/data.pkl".utf8.reversed())
                ? "model.ckpt" : nil
        }
        return nil
    }

    private static func head(_ path: String) -> [UInt8] {
        guard let handle = try? FileHandle(forReadingFrom: URL(fileURLWithPath: path)) else { return [] }
        defer { try? handle.close() }
        return [UInt8]((try? handle.read(upToCount: 512)) ?? Data())
    }

    /// What a file is that cannot be weights; nil for what may be.
    private static func stranger(_ head: [UInt8]) -> String? {
        if head.isEmpty { return "empty" }
        if let name = Placeholder.name(head) { return name }
        let convert = "load it in PyTorch and save it again with torch.save or as safetensors"
        if head.count > 2, head[0] == 0x80, (2...5).contains(head[1]) {
            return "a bare pickle, not what torch.save writes: \(convert)"
        }
        if head.count >= 262, head[257..<262].elementsEqual("ustar".utf8) {
            return "a tar, as the first releases of PyTorch wrote: \(convert)"
        }
        let signatures: [([UInt8], String)] = [
            ([0x37, 0x7A, 0xBC, 0xAF], "a 7z archive"), ([0x93] + Array("NUMPY".utf8), "a NumPy array"),
            ([0x89] + Array("HDF".utf8), "an HDF5 file"), ([0x1F, 0x8B], "a gzip file"), ([0x89] + Array("PNG".utf8), "a PNG picture"),
            ([UInt8(ascii: "{")], "JSON, not the file itself: a download that failed often leaves an answer like this"),
            (Array("GGUF".utf8), "a GGUF file"), (Array("Rar!".utf8), "a rar archive"),
        ]
        return signatures.first { head.starts(with: $0.0) }?.1
    }
}
