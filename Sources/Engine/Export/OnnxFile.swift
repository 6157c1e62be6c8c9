/// An ONNX model as the bytes of its file (`ModelProto`), and of a second file beside it where its weights are too large for one.
///
/// Nothing is read for it: what is the checkpoint's stays a reference to bytes of the weights' file, so that sizes are known before and weights go
/// from one file to the other without being in memory. Field numbers are those of onnx.proto3 (github.com/onnx/onnx).
package struct OnnxFile: Sendable {
    /// A run of a file's bytes.
    package enum Piece: Sendable, Equatable {
        /// These.
        case bytes([UInt8])
        /// So many of the weights' file.
        case stored(offset: Int, count: Int)

        /// How many bytes.
        var count: Int {
            switch self {
            case .bytes(let bytes): bytes.count
            case .stored(_, let count): count
            }
        }
    }

    /// The model.
    package let model: [Piece]
    /// The file of weights beside it; empty where the model has them itself.
    package let data: [Piece]

    /// Opset 18 belongs to this version of the format.
    private static let version = 8
    private static let operatorSet = 18
    /// Bytes of weights above which they have a file of their own: no message may have 2 GiB.
    package static let largestModel = 3 << 29
    /// Weights in a file of their own begin at multiples of so many bytes, as runtimes that map it want them.
    private static let alignment = 4096

    /// - Parameters:
    ///   - places: where each parameter's numbers are.
    ///   - dataName: what the file beside the model is called.
    ///   - producer: the program that makes it, and its version.
    ///   - largestModel: bytes of weights that the model may have itself.
    package init(
        _ graph: OnnxGraph, places: [String: TensorPlace], dataName: String, producer: (name: String, version: String),
        largestModel: Int = largestModel
    ) {
        let sizes = graph.tensors.map { tensor in if case .parameter = tensor.content { places[tensor.name]?.size ?? 0 } else { 0 } }
        let isDivided = sizes.reduce(0, +) > largestModel
        var (inner, data): ([Piece], [Piece]) = ([], [])
        var end = 0
        var head = ProtobufMessage()
        for node in graph.nodes { head.message(1) { Self.write(node, to: &$0) } }
        head.text(2, "network")
        for tensor in graph.tensors {
            var message = ProtobufMessage()
            for side in tensor.dimensions { message.integer(1, side) }
            message.integer(2, tensor.type.rawValue)
            message.text(8, tensor.name)
            switch tensor.content {
            case .bytes(let bytes):
                message.data(9, bytes)
                head.data(5, message.bytes)
            case .parameter:
                let place = places[tensor.name] ?? TensorPlace(type: .float32, offset: 0, count: 0)
                let numbers = Piece.stored(offset: place.offset, count: place.size)
                if isDivided {
                    let start = (end + Self.alignment - 1) / Self.alignment * Self.alignment
                    if start > end { data.append(.bytes([UInt8](repeating: 0, count: start - end))) }
                    data.append(numbers)
                    for (key, value) in [("location", dataName), ("offset", "\(start)"), ("length", "\(place.size)")] {
                        message.message(13) { entry in
                            entry.text(1, key)
                            entry.text(2, value)
                        }
                    }
                    message.integer(14, 1)
                    head.data(5, message.bytes)
                    end = start + place.size
                } else {
                    message.begin(9, length: place.size)
                    head.begin(5, length: message.bytes.count + place.size)
                    inner += [.bytes(head.bytes + message.bytes), numbers]
                    head = ProtobufMessage()
                }
            }
        }
        for port in graph.inputs { head.message(11) { Self.write(port, to: &$0) } }
        for port in graph.outputs { head.message(12) { Self.write(port, to: &$0) } }
        inner.append(.bytes(head.bytes))

        var top = ProtobufMessage()
        top.integer(1, Self.version)
        top.text(2, producer.name)
        top.text(3, producer.version)
        top.message(8) { set in
            set.text(1, "")
            set.integer(2, Self.operatorSet)
        }
        top.begin(7, length: inner.reduce(0) { $0 + $1.count })
        model = [.bytes(top.bytes)] + inner
        self.data = data
    }

    /// `NodeProto`.
    private static func write(_ node: OnnxNode, to message: inout ProtobufMessage) {
        for input in node.inputs { message.text(1, input) }
        for output in node.outputs { message.text(2, output) }
        message.text(3, node.name)
        message.text(4, node.type)
        for (name, value) in node.attributes {
            message.message(5) { attribute in
                attribute.text(1, name)
                write(value, to: &attribute)
            }
        }
    }

    /// `AttributeProto` but for its name: the value, and its type in field 20.
    private static func write(_ value: OnnxAttribute, to message: inout ProtobufMessage) {
        switch value {
        case .float(let number):
            message.float(2, number)
            message.integer(20, 1)
        case .integer(let number):
            message.integer(3, number)
            message.integer(20, 2)
        case .text(let text):
            message.text(4, text)
            message.integer(20, 3)
        case .number(let number):
            message.message(5) { tensor in
                tensor.integer(1, 1)
                tensor.integer(2, OnnxType.float.rawValue)
                tensor.data(9, withUnsafeBytes(of: number.bitPattern.littleEndian) { Array($0) })
            }
            message.integer(20, 4)
        case .integers(let numbers):
            for number in numbers { message.integer(8, number) }
            message.integer(20, 7)
        }
    }

    /// `ValueInfoProto`.
    private static func write(_ port: OnnxPort, to message: inout ProtobufMessage) {
        message.text(1, port.name)
        message.message(2) { type in
            type.message(1) { tensor in
                tensor.integer(1, port.type.rawValue)
                tensor.message(2) { shape in
                    for dimension in port.dimensions {
                        shape.message(1) { side in
                            switch dimension {
                            case .fixed(let count): side.integer(1, count)
                            case .free(let name): side.text(2, name)
                            }
                        }
                    }
                }
            }
        }
    }
}
