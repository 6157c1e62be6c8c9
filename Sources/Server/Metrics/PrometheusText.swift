import HTTP

/// Writes the text exposition format of Prometheus, version 0.0.4.
package struct PrometheusText {
    /// What says so.
    package static let type = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var text = ""
    private var family: MetricFamily?
    /// Whether something of the family was written, and so what it is.
    private var isToldOf = false

    /// Goes on to the next family, which shows only if it has series.
    mutating func begin(_ family: MetricFamily) {
        precondition(Self.isName(family.name), "\(family.name) is no name of a metric")
        self.family = family
        isToldOf = false
    }

    /// A series of a counter or a gauge.
    mutating func add(labels: [(name: String, value: String)], value: Double) {
        line("", labels, Self.number(value))
    }

    /// A series of a histogram.
    /// - Parameter cumulative: how many values were at most each bound, the bounds rising.
    mutating func add(
        labels: [(name: String, value: String)], cumulative: [(bound: Double, count: Int64)], count: Int64, sum: Double
    ) {
        for bucket in cumulative { line("_bucket", labels + [(name: "le", value: Self.number(bucket.bound))], String(bucket.count)) }
        line("_bucket", labels + [(name: "le", value: "+Inf")], String(count))
        line("_sum", labels, Self.number(sum))
        line("_count", labels, String(count))
    }

    private mutating func line(_ suffix: String, _ labels: [(name: String, value: String)], _ value: String) {
        guard let family else { preconditionFailure("a series belongs to a family") }
        if !isToldOf {
            text += "# HELP \(family.name) \(Self.escaped(family.help, isLabel: false))\n# TYPE \(family.name) \(family.kind.rawValue)\n"
            isToldOf = true
        }
        text += family.name
        text += suffix
        if !labels.isEmpty {
            text += "{"
            text += labels.map { "\($0.name)=\"\(Self.escaped($0.value, isLabel: true))\"" }.joined(separator: ",")
            text += "}"
        }
        text += " \(value)\n"
    }

    /// A backslash and a line feed; in a label's value a quotation mark too.
    static func escaped(_ value: String, isLabel: Bool) -> String {
        var escaped = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where isLabel: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// As Go's `strconv.ParseFloat` reads it; whole numbers as such.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
    }

    private static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !ASCII.isDigit(first) else { return false }
        return name.utf8.allSatisfy { ASCII.isAlpha($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ":") }
    }
}
