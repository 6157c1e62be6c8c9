extension API {
    /// `/healthz` and `/readyz`.
    func addHealth(_ router: inout Router) {
        let bytes = Array(health.compact.utf8)
        on(&router, .get, "/healthz") { _ in .json(bytes) }
        on(&router, .get, "/readyz") { _ in
            _ = try database.jobs.counts()
            return .json(["status": "ready"])
        }
    }
}
