extension API {
    /// `/healthz` and `/readyz`.
    func addHealth(_ router: inout Router) {
        on(&router, .get, "/healthz") { _ in .json(health) }
        on(&router, .get, "/readyz") { _ in
            _ = try database.jobs.counts()
            return .json(["status": "ready"])
        }
    }
}
