import Storage

extension API {
    /// `/v1/datasets`.
    func addDatasets(_ router: inout Router) {
        on(&router, .post, "/v1/datasets") { request in
            try await creating(request) { creation in
                let received = try await uploads.receive(uploadBody(request, isRepeated: creation.isRepeated), hashing: creation.key != nil)
                if let first = try creation.firstAnswer(to: received.digest) { return first }
                let source = try uploads.source(received, type: request.fields[.contentType])
                return try DatasetIntake(database: database).store(
                    source, name: request.query("name"), owner: owner(of: request),
                    answer: creation.keeping(received.digest) { try $0.created() }
                ).created().response
            }
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
