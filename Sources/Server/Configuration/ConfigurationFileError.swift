/// What is wrong with a configuration file.
struct ConfigurationFileError: Error, CustomStringConvertible {
    let path: String
    let trouble: String
    package var description: String { "\(path): \(trouble)" }
}
