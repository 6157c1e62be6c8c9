import HTTP
import HTTPTypes

/// The API's routes and what is said of them, always both.
struct Routes: Sendable {
    private(set) var router = Router()
    private(set) var operations: [(method: HTTPRequest.Method, pattern: String, operation: Operation)] = []

    init() {}

    /// The same, and one more that is only described.
    init(_ routes: Routes, describing method: HTTPRequest.Method, _ pattern: String, _ operation: Operation) {
        self = routes
        operations.append((method, pattern, operation))
    }

    mutating func add(_ method: HTTPRequest.Method, _ pattern: String, _ operation: Operation, _ handler: @escaping Router.Handler) {
        operations.append((method, pattern, operation))
        router.on(method, pattern, handler)
    }
}
