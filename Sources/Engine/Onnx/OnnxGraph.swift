/// An ONNX graph (`GraphProto`) while it is put together: operators append nodes and constants, and get the names of what these make.
///
/// Values are called `/NODE/OPERATOR`, after the engine's node that they belong to; parameters keep the checkpoint's names.
package struct OnnxGraph: Sendable {
    /// In the order in which they run.
    package private(set) var nodes: [OnnxNode] = []
    /// Constants and parameters.
    package private(set) var tensors: [OnnxTensor] = []
    package private(set) var inputs: [OnnxPort] = []
    package private(set) var outputs: [OnnxPort] = []
    /// The engine's node whose form is being appended, after which values are named.
    package var scope = ""
    /// Formats of the parameters that are not stored as float32.
    private let formats: [String: OnnxType]
    /// How often a name was wanted.
    private var counts: [String: Int] = [:]
    /// What constants, parameters and other layouts of values are called that are there already.
    private var known: [String: String] = [:]

    /// An empty graph.
    ///
    /// - Parameter formats: of the parameters, by name; those that are left out are float32.
    package init(formats: [String: OnnxType] = [:]) {
        self.formats = formats
    }

    // MARK: Nodes

    /// Appends an operator and returns what its outputs are called.
    package mutating func add(
        _ type: String, _ inputs: [String], _ attributes: KeyValuePairs<String, OnnxAttribute> = [:], outputs count: Int
    ) -> [String] {
        let name = unused("/\(scope)/\(type)")
        let outputs = (0..<count).map { count == 1 ? name : "\(name).\($0)" }
        nodes.append(
            OnnxNode(
                name: name, type: type, inputs: inputs, outputs: outputs, attributes: attributes.map { (name: $0.key, value: $0.value) }))
        return outputs
    }

    /// Appends an operator of one output and returns what that is called.
    package mutating func add(
        _ type: String, _ inputs: [String], _ attributes: KeyValuePairs<String, OnnxAttribute> = [:]
    ) -> String {
        add(type, inputs, attributes, outputs: 1)[0]
    }

    /// What `make` appends, the first time that something is asked for by this key; afterwards what it was called.
    package mutating func once(_ key: String, _ make: (inout OnnxGraph) -> String) -> String {
        if let name = known[key] { return name }
        let name = make(&self)
        known[key] = name
        return name
    }

    // MARK: Inputs and outputs

    /// Lets a value come in.
    package mutating func addInput(_ port: OnnxPort) { inputs.append(port) }

    /// Lets a value leave under a name of its own.
    package mutating func addOutput(_ port: OnnxPort, _ value: String) {
        nodes.append(OnnxNode(name: unused("/\(scope)/Identity"), type: "Identity", inputs: [value], outputs: [port.name], attributes: []))
        outputs.append(port)
    }

    // MARK: Constants

    /// A number.
    package mutating func constant(_ number: Float) -> String { constant([number], []) }

    /// Numbers of a shape, outermost dimension first.
    package mutating func constant(_ numbers: [Float], _ dimensions: [Int]) -> String {
        let bytes = numbers.flatMap { number in withUnsafeBytes(of: number.bitPattern.littleEndian) { Array($0) } }
        return constant(.float, dimensions, bytes)
    }

    /// A list of whole numbers, as shapes and axes are given.
    package mutating func constant(_ numbers: [Int]) -> String {
        let bytes = numbers.flatMap { number in withUnsafeBytes(of: Int64(number).littleEndian) { Array($0) } }
        return constant(.int64, [numbers.count], bytes)
    }

    private mutating func constant(_ type: OnnxType, _ dimensions: [Int], _ bytes: [UInt8]) -> String {
        once("\(type) \(dimensions) \(bytes)") { graph in
            let name = graph.unused("/constant")
            graph.tensors.append(OnnxTensor(name: name, type: type, dimensions: dimensions, content: .bytes(bytes)))
            return name
        }
    }

    /// A tensor of the checkpoint as float32; the same one where it is read more than once.
    package mutating func parameter(_ name: String, _ dimensions: [Int]) -> String {
        once("parameter \(name)") { graph in
            let type = graph.formats[name] ?? .float
            graph.tensors.append(OnnxTensor(name: name, type: type, dimensions: dimensions, content: .parameter))
            // Numbers are handed on as they are stored; a runtime widens them once, while it loads.
            return type == .float ? name : graph.add("Cast", [name], ["to": .integer(OnnxType.float.rawValue)])
        }
    }

    private mutating func unused(_ name: String) -> String {
        let count = (counts[name] ?? 0) + 1
        counts[name] = count
        return count == 1 ? name : "\(name)_\(count)"
    }
}
