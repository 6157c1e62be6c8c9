/// Arithmetic, number by number.
extension OnnxGraph {
    package mutating func sum(_ a: String, _ b: String) -> String { add("Add", [a, b]) }

    package mutating func difference(_ a: String, _ b: String) -> String { add("Sub", [a, b]) }

    package mutating func product(_ a: String, _ b: String) -> String { add("Mul", [a, b]) }

    package mutating func quotient(_ a: String, _ b: String) -> String { add("Div", [a, b]) }

    /// A value times a number; the value itself where that is 1.
    package mutating func product(_ value: String, _ factor: Float) -> String {
        factor == 1 ? value : product(value, constant(factor))
    }

    /// A value plus a number; the value itself where that is 0.
    package mutating func sum(_ value: String, _ summand: Float) -> String {
        summand == 0 ? value : sum(value, constant(summand))
    }

    /// The sum of two values in the layout in which they meet.
    package mutating func sum(_ a: OnnxValue, _ b: OnnxValue) -> OnnxValue {
        let layout = commonLayout(of: [a, b])
        return OnnxValue(sum(value(a, in: layout), value(b, in: layout)), layout, channels: a.channels)
    }

    /// The sum of one value or more.
    package mutating func sum(of values: [OnnxValue]) -> OnnxValue { values.dropFirst().reduce(values[0]) { sum($0, $1) } }

    /// The halves of a value along a dimension.
    package mutating func halves(_ value: String, axis: Int) -> (first: String, second: String) {
        let parts = add("Split", [value], ["axis": .integer(axis), "num_outputs": .integer(2)], outputs: 2)
        return (parts[0], parts[1])
    }
}
