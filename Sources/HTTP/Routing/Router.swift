import HTTPTypes

/// Finds the handler for a method and a path.
///
///     var router = Router()
///     router.on(.get, "/v1/jobs/{id}") { request in … request.parameters["id"] … }
///     router.on(.get, "/v1/checkpoints/{id}/files/{path...}") { … }     // path: the rest, slashes included
///
/// A literal segment goes before `{name}`, which goes before `{name...}`. `HEAD` is served by the handler of `GET`.
package struct Router: Sendable {
    package typealias Handler = @Sendable (Request) async throws -> Response

    private struct Route: Sendable {
        let handler: Handler
        /// The names of the pattern's parameters, in order.
        let names: [String]
    }

    private struct Node: Sendable {
        var literals: [String: Node] = [:]
        var parameter: [Node] = []
        /// Routes that end here.
        var routes: [HTTPRequest.Method: Route] = [:]
        /// Routes that take the whole rest from here.
        var restRoutes: [HTTPRequest.Method: Route] = [:]
    }

    private var root = Node()

    package init() {}

    /// Adds a route.
    package mutating func on(_ method: HTTPRequest.Method, _ pattern: String, _ handler: @escaping Handler) {
        let segments = pattern.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        var names: [String] = []
        Self.insert(method, segments[...], handler, &names, into: &root)
    }

    private static func insert(
        _ method: HTTPRequest.Method, _ segments: ArraySlice<String>, _ handler: @escaping Handler, _ names: inout [String],
        into node: inout Node
    ) {
        guard let segment = segments.first else {
            precondition(node.routes[method] == nil, "two handlers for one route")
            node.routes[method] = Route(handler: handler, names: names)
            return
        }
        if segment.hasPrefix("{"), segment.hasSuffix("...}") {
            precondition(segments.count == 1, "the rest of a path is its end")
            names.append(String(segment.dropFirst().dropLast(4)))
            node.restRoutes[method] = Route(handler: handler, names: names)
        } else if segment.hasPrefix("{"), segment.hasSuffix("}") {
            names.append(String(segment.dropFirst().dropLast()))
            if node.parameter.isEmpty { node.parameter.append(Node()) }
            insert(method, segments.dropFirst(), handler, &names, into: &node.parameter[0])
        } else {
            insert(method, segments.dropFirst(), handler, &names, into: &node.literals[segment, default: Node()])
        }
    }

    /// Calls the handler for the request.
    /// - Throws: 404, 405, and what the handler throws.
    package func respond(to request: Request) async throws -> Response {
        guard let (routes, values) = Self.find(request.target.segments[...], in: root, values: []) else {
            throw HTTPError.notFound(path: request.path)
        }
        guard let route = routes[request.method] ?? (request.method == .head ? routes[.get] : nil) else {
            var allowed = Set(routes.keys)
            if allowed.contains(.get) { allowed.insert(.head) }
            throw HTTPError.methodNotAllowed(request.method, allowed: allowed.sorted { $0.rawValue < $1.rawValue })
        }
        var request = request
        for (name, value) in zip(route.names, values) { request.parameters[name] = value }
        return try await route.handler(request)
    }

    private static func find(
        _ segments: ArraySlice<String>, in node: Node, values: [String]
    ) -> (routes: [HTTPRequest.Method: Route], values: [String])? {
        guard let segment = segments.first else { return node.routes.isEmpty ? nil : (node.routes, values) }
        if let next = node.literals[segment], let found = find(segments.dropFirst(), in: next, values: values) { return found }
        // An empty segment is no value: `/v1/jobs/` is not a job.
        guard !segment.isEmpty else { return nil }
        if let next = node.parameter.first, let found = find(segments.dropFirst(), in: next, values: values + [segment]) { return found }
        return node.restRoutes.isEmpty ? nil : (node.restRoutes, values + [segments.joined(separator: "/")])
    }
}
