import HTTPTypes

extension Request {
    /// Whether the client names a type among those it accepts (RFC 9110, section 12.5.1).
    package func names(type: String) -> Bool {
        fields[values: .accept].flatMap { $0.split(separator: ",") }.contains { range in
            guard let range = HeaderParameters(String(range)), range.value == type else { return false }
            return range.parameters["q"].flatMap(Double.init) != 0
        }
    }
}
