/// An error that knows its own answer: the protocol's refusals here, and a service's own errors.
package protocol RespondingError: Error {
    /// What the client is told.
    func response() -> Response
}
