import HTTP

extension Request {
    /// A value that the route's pattern captured.
    func parameter(_ name: String) -> String { parameters[name] ?? "" }
}
