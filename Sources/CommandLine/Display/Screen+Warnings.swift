import Documents

extension Screen {
    /// Notes the warnings that the API's object has.
    ///
    /// - Parameter path: of the files that it was made of.
    func warn(of object: JSON, _ path: String) {
        for warning in JobSummary.warnings(object) { note("\(path): \(warning)") }
    }
}
