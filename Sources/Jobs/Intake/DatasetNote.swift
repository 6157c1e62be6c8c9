/// What is told whoever sent a dataset, which stops nothing.
struct DatasetNote: Equatable {
    /// A stable word for what it is about.
    let code: String
    /// A sentence.
    let detail: String

    init(_ code: String, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}
