/// Values in other layouts: each is brought into one once, whoever reads it.
extension OnnxGraph {
    /// A value as (batch, channels, height, width).
    package mutating func map(_ value: OnnxValue) -> String {
        switch value.layout {
        case .map: value.name
        case .pixels(let grid): once("map \(value.name)") { $0.map(ofPixels: value.name, grid: grid) }
        case .vector: once("map \(value.name)") { $0.add("Unsqueeze", [value.name, $0.constant([2, 3])]) }
        case .indices: map(OnnxValue(pixels(value), .pixels(grid: nil), channels: 1))
        }
    }

    private mutating func map(ofPixels pixels: String, grid: String?) -> String {
        let rows = add("Transpose", [pixels], ["perm": .integers([0, 2, 1])])
        // 0 keeps a dimension as it is.
        guard let grid else { return add("Reshape", [rows, constant([0, 0, 1, -1])]) }
        return add("Reshape", [rows, mapShape(ofPixels: grid)])
    }

    private mutating func mapShape(ofPixels grid: String) -> String {
        once("map's shape \(grid)") { graph in
            let sides = graph.add("Shape", [grid], ["start": .integer(2), "end": .integer(4)])
            return graph.add("Concat", [graph.constant([0, 0]), sides], ["axis": .integer(0)])
        }
    }

    /// A value as (batch, pixels, channels).
    package mutating func pixels(_ value: OnnxValue) -> String {
        switch value.layout {
        case .map:
            once("pixels \(value.name)") { graph in
                let rows = graph.add("Reshape", [value.name, graph.constant([0, 0, -1])])
                return graph.add("Transpose", [rows], ["perm": .integers([0, 2, 1])])
            }
        case .pixels: value.name
        case .vector: once("pixels \(value.name)") { $0.add("Unsqueeze", [value.name, $0.constant([1])]) }
        case .indices:
            once("pixels \(value.name)") { graph in
                let numbers = graph.add("Cast", [value.name], ["to": .integer(OnnxType.float.rawValue)])
                return graph.add("Unsqueeze", [numbers, graph.constant([2])])
            }
        }
    }

    /// The layout in which values meet: maps before pixels before vectors.
    package func commonLayout(of values: [OnnxValue]) -> OnnxLayout {
        if values.contains(where: { $0.layout == .map }) { return .map }
        return values.first { if case .pixels = $0.layout { true } else { false } }?.layout ?? values.first?.layout ?? .vector
    }

    /// A value in a layout; a vector then is one pixel, which meets all of a map's.
    package mutating func value(_ value: OnnxValue, in layout: OnnxLayout) -> String {
        switch layout {
        case .map: map(value)
        case .pixels: pixels(value)
        case .vector, .indices: value.name
        }
    }

    /// The pixels' layout of what is made pixel by pixel of a value.
    package func pixelLayout(of value: OnnxValue) -> OnnxLayout {
        switch value.layout {
        case .map: .pixels(grid: value.name)
        case .pixels: value.layout
        case .vector, .indices: .pixels(grid: nil)
        }
    }

    /// A parameter with a number for every channel, so that it meets values of a layout.
    package mutating func channels(_ parameter: String, in layout: OnnxLayout) -> String {
        guard layout == .map else { return parameter }
        return once("channels \(parameter)") { $0.add("Unsqueeze", [parameter, $0.constant([1, 2])]) }
    }
}
