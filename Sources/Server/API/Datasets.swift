import Storage

extension API {
    /// `/v1/datasets`.
    func addDatasets(_ router: inout Router) {
        on(&router, .post, "/v1/datasets") { request in
            let file = try await uploads.file(try uploadBody(request))
            let record = try DatasetIntake(database: database).store(file, name: request.query("name"), owner: try owner(of: request))
            return .created(try record.payload(), at: "/v1/datasets/\(record.id)")
        }
        on(&router, .get, "/v1/datasets") { request in
            try page(request, id: \.id, payload: { try $0.payload() }) { try database.datasets.list(limit: $0, after: $1) }
        }
        on(&router, .get, "/v1/datasets/{id}") { request in
            .json(try database.datasets.get(request.parameter("id")).payload())
        }
        on(&router, .delete, "/v1/datasets/{id}") { request in
            try database.datasets.delete(request.parameter("id"))
            return Response(status: .noContent)
        }
    }
}
