import Documents
import Foundation

/// An open safetensors file: its header checked in full, its numbers read on demand.
///
/// The format: 8 bytes little-endian header length, a JSON header, the tensors' bytes without gaps. Reading is by `pread`
/// rather than by mapping: a file that shrinks becomes an error, not a signal, and pages do not count as the process's memory.
public final class SafeTensorsReader: TensorSource {
    /// The tensors in the order of their bytes.
    public let tensors: [TensorEntry]
    /// The header's `__metadata__`.
    public let metadata: [String: String]

    private let descriptor: Int32
    private let indices: [String: Int]
    /// Where each tensor's bytes begin in the file.
    private let offsets: [Int]

    /// Opens a file and checks its header: types, shapes, offsets without overlap or gap, and that the file ends where the tensors do.
    public init(path: String) throws(SafeTensorsError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.systemError("opening the weights") }
        do throws(SafeTensorsError) {
            (tensors, offsets, metadata) = try Self.readHeader(descriptor)
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        // Names are distinct: the header's parser refuses duplicates.
        indices = Dictionary(tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    deinit { close(descriptor) }

    /// The tensor of that name; nil when there is none.
    public subscript(name: String) -> TensorEntry? { indices[name].map { tensors[$0] } }

    /// Where a tensor's bytes begin in the file; nil when there is none of that name.
    func offset(of name: String) -> Int? { indices[name].map { offsets[$0] } }

    /// Hands on the bytes of a tensor as they are stored, in pieces.
    ///
    /// - Throws: ``SafeTensorsError/tensor(name:trouble:)`` when there is no such tensor; what `take` throws.
    func bytes(of name: String, _ take: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard let index = indices[name] else { throw SafeTensorsError.tensor(name: name, trouble: "not in the file") }
        let size = tensors[index].size
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: min(max(1, size), 1 << 20), alignment: 16)
        defer { piece.deallocate() }
        for start in stride(from: 0, to: size, by: piece.count) {
            let part = UnsafeMutableRawBufferPointer(rebasing: piece[..<min(piece.count, size - start)])
            try Self.readFully(descriptor, into: part, at: offsets[index] + start)
            try take(UnsafeRawBufferPointer(part))
        }
    }

    /// Reads numbers of a tensor, converted to float32: as many as `destination` holds, from the `start`-th in row-major order.
    ///
    /// - Throws: ``SafeTensorsError/tensor(name:trouble:)`` when there is no such tensor, it holds integers, or it is too short.
    public func read(_ name: String, from start: Int, into destination: UnsafeMutableBufferPointer<Float>) throws(SafeTensorsError) {
        guard let index = indices[name] else { throw .tensor(name: name, trouble: "not in the file") }
        let entry = tensors[index]
        guard entry.type.isFloatingPoint else {
            throw .tensor(name: name, trouble: "holds \(entry.type.torchName), expected floating point")
        }
        guard start >= 0, start <= entry.count, destination.count <= entry.count - start else {
            throw .tensor(name: name, trouble: "holds \(entry.count) numbers, \(destination.count) from \(start) asked for")
        }
        var offset = offsets[index] + start * entry.type.size
        if entry.type == .float32, UInt32(1).littleEndian == 1 {
            try Self.readFully(descriptor, into: UnsafeMutableRawBufferPointer(destination), at: offset)
            return
        }
        let chunk = 1 << 16
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk * entry.type.size, alignment: 16)
        defer { bytes.deallocate() }
        var position = 0
        while position < destination.count {
            let count = min(chunk, destination.count - position)
            let part = UnsafeMutableRawBufferPointer(rebasing: bytes[0..<count * entry.type.size])
            try Self.readFully(descriptor, into: part, at: offset)
            entry.type.decode(
                UnsafeRawBufferPointer(part), into: UnsafeMutableBufferPointer(rebasing: destination[position..<position + count]))
            position += count
            offset += part.count
        }
    }

    static func systemError(_ action: String) -> SafeTensorsError {
        .system(action: action, reason: String(cString: strerror(errno)))
    }

    private static func readFully(_ descriptor: Int32, into bytes: inout [UInt8], at offset: Int) throws(SafeTensorsError) {
        // Through a Result, since withUnsafeMutableBytes passes on untyped errors only.
        let result = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(SafeTensorsError) in try readFully(descriptor, into: buffer, at: offset) }
        }
        try result.get()
    }

    private static func readFully(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SafeTensorsError)
    {
        var done = 0
        while done < buffer.count {
            let count = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw systemError("reading the weights") }
            guard count > 0 else { throw .truncated(expected: offset + buffer.count, found: offset + done) }
            done += count
        }
    }
}

extension SafeTensorsReader {
    /// The reference implementation's bound on the header.
    private static let maximumHeader = 100_000_000

    /// A value takes some 60 bytes of memory: all of them as much as the file, a small file's some more; and never more than thirty
    /// thousand tensors have, ten times as many as any published network.
    private static func mostValues(fileSize: Int) -> Int { min(200_000, 16_384 + fileSize / 96) }

    /// Bytes of memory that opening a file takes at most.
    static func openingCost(header: Int, fileSize: Int) -> Int {
        guard header <= min(maximumHeader, fileSize) else { return 0 }
        return JSON.parsingCost(bytes: header, maximumValues: mostValues(fileSize: fileSize))
    }

    private static func readHeader(_ descriptor: Int32) throws(SafeTensorsError) -> ([TensorEntry], [Int], [String: String]) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw systemError("reading the weights") }
        let fileSize = Int(status.st_size)
        guard fileSize >= 8 else { throw .truncated(expected: 8, found: fileSize) }
        var prefix = [UInt8](repeating: 0, count: 8)
        try readFully(descriptor, into: &prefix, at: 0)
        let length = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= maximumHeader else { throw .header("says it has \(length) bytes, at most \(maximumHeader) are allowed") }
        let dataStart = 8 + Int(length)
        guard dataStart <= fileSize else { throw .truncated(expected: dataStart, found: fileSize) }

        var bytes = [UInt8](repeating: 0, count: Int(length))
        try readFully(descriptor, into: &bytes, at: 8)
        let document: JSON
        do {
            document = try JSON(parsing: bytes, maximumValues: mostValues(fileSize: fileSize))
        } catch {
            throw .header(error.description)
        }
        guard case .object(let members) = document else { throw .header("is no JSON object") }
        let spans = try spans(members, dataStart: dataStart, fileSize: fileSize)
        return (spans.map(\.entry), spans.map { dataStart + $0.begin }, try metadata(document))
    }

    private static func metadata(_ document: JSON) throws(SafeTensorsError) -> [String: String] {
        guard let value = document["__metadata__"] else { return [:] }
        guard case .object(let members) = value else { throw .header("__metadata__ is no object") }
        var metadata: [String: String] = [:]
        for member in members {
            guard case .string(let text) = member.value else { throw .header("__metadata__ holds something other than strings") }
            metadata[member.name] = text
        }
        return metadata
    }

    private typealias Span = (begin: Int, end: Int, entry: TensorEntry)

    /// The tensors in the order of their bytes, which are counted from the end of the header.
    private static func spans(_ members: [JSON.Member], dataStart: Int, fileSize: Int) throws(SafeTensorsError) -> [Span] {
        var spans: [Span] = []
        for member in members where member.name != "__metadata__" {
            let name = member.name
            guard (1...512).contains(name.utf8.count) else { throw .tensor(name: name, trouble: "its name is not 1 to 512 bytes long") }
            guard case .string(let typeName)? = member.value["dtype"] else { throw .tensor(name: name, trouble: "has no dtype") }
            guard let type = ScalarType(rawValue: typeName) else {
                throw .tensor(name: name, trouble: "has the unknown dtype \(typeName.prefix(40))")
            }
            guard let shape = wholeNumbers(member.value["shape"]), shape.count <= 32 else {
                throw .tensor(name: name, trouble: "its shape is no list of up to 32 whole numbers")
            }
            guard let offsets = wholeNumbers(member.value["data_offsets"]), offsets.count == 2 else {
                throw .tensor(name: name, trouble: "its data_offsets are no pair of whole numbers")
            }
            let (begin, end) = (offsets[0], offsets[1])
            guard begin <= end, end <= fileSize - dataStart else {
                throw .tensor(
                    name: name,
                    trouble: "its bytes \(begin) to \(end) are not within the \(fileSize - dataStart) bytes of data (truncated?)")
            }
            // A zero anywhere makes the product 0, whatever overflows around it; so zeros are looked for first.
            var count = shape.contains(0) ? 0 : 1
            var overflow = false
            for dimension in shape where count > 0 && !overflow {
                (count, overflow) = count.multipliedReportingOverflow(by: dimension)
            }
            let size = count.multipliedReportingOverflow(by: type.size)
            guard !overflow, !size.overflow, size.partialValue == end - begin else {
                throw .tensor(name: name, trouble: "has \(end - begin) bytes, which do not fit shape \(shape) of \(typeName)")
            }
            spans.append((begin, end, TensorEntry(name: name, type: type, shape: shape, count: count)))
        }
        spans.sort { ($0.begin, $0.end) < ($1.begin, $1.end) }
        var position = 0
        for span in spans {
            guard span.begin == position else {
                let trouble = span.begin < position ? "overlaps the one before" : "\(span.begin - position) unclaimed bytes before"
                throw .tensor(name: span.entry.name, trouble: "its data \(trouble)")
            }
            position = span.end
        }
        guard position == fileSize - dataStart else {
            throw .header("describes \(position) bytes of data, the file has \(fileSize - dataStart)")
        }
        return spans
    }

    private static func wholeNumbers(_ value: JSON?) -> [Int]? {
        guard case .array(let items)? = value else { return nil }
        var numbers: [Int] = []
        for item in items {
            // As in the reference, 2.0 is no whole number here.
            guard case .number(let text) = item, let number = Int(text), number >= 0 else { return nil }
            numbers.append(number)
        }
        return numbers
    }
}
