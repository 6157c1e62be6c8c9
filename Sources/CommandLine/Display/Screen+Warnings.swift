import Documents

extension Screen {
    /// Notes the warnings that the API's object has.
    ///
    /// - Parameter path: of the files that it was made of.
    func warn(of object: JSON, _ path: String) {
        guard case .array(let warnings)? = object["warnings"] else { return }
        for case .string(let warning) in warnings { note("\(path): \(warning)") }
    }
}
