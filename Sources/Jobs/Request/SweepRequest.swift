import Documents
import Storage

/// A sweep as it was asked for: a job's body in which `pruning` has a list, and of it one job for every entry.
package struct SweepRequest: Sendable {
    /// One of its jobs.
    package struct Point: Sendable {
        package let job: JobRequest
        /// Where in the body stands what it alone has, and where a job's body has it.
        private let place: (list: String, field: String)

        fileprivate init(_ job: JobRequest, list: String, index: Int, field: String) {
            self.job = job
            place = ("/pruning/\(list)/\(index)", "/pruning/\(field)")
        }

        /// What is wrong with the job, by the pointers of the sweep's body.
        package func inSweep(_ errors: [FieldError]) -> [FieldError] {
            errors.map { error in
                guard error.pointer == place.field || error.pointer.hasPrefix(place.field + "/") else { return error }
                return FieldError(pointer: place.list + error.pointer.dropFirst(place.field.count), detail: error.detail)
            }
        }
    }

    /// What it is called.
    package let name: String?
    /// One for every entry of the list, in its order.
    package let points: [Point]

    /// Jobs in a sweep.
    package static let most = 32
    /// The lists that a body may have, one of them, and what a job has in their place.
    private static let lists = [(list: "ratios", field: "ratio"), (list: "targets", field: "target")]

    /// Reads a request body.
    ///
    /// - Parameter webhook: reads whom to tell when a job ends.
    /// - Returns: the request, and what is wrong with it: what is wrong with every job once, and what is wrong with one where it stands.
    package static func read(
        _ body: JSON, webhook: @escaping (inout ObjectReader) -> Webhook
    ) -> (request: SweepRequest, errors: [FieldError]) {
        func refused(_ pointer: String, _ detail: String) -> (request: SweepRequest, errors: [FieldError]) {
            (SweepRequest(name: nil, points: []), [FieldError(pointer: pointer, detail: detail)])
        }
        guard case .object(let pruning)? = body["pruning"] else {
            return refused("/pruning", "must be an object with ratios: a sweep is jobs that differ in how much they cut")
        }
        let given = lists.filter { list in pruning.contains { $0.name == list.list && $0.value != .null } }
        guard let (list, field) = given.first, given.count == 1 else {
            return refused("/pruning/ratios", "a sweep needs one list: ratios, or targets")
        }
        guard case .array(let entries)? = body["pruning"]?[list], (1...most).contains(entries.count) else {
            return refused("/pruning/\(list)", "must be a list of 1 to \(most) entries")
        }
        if let other = lists.first(where: { list in pruning.contains { $0.name == list.field && $0.value != .null } }) {
            return refused("/pruning/\(other.field)", "stands beside \(list): each job of the sweep has one of those")
        }
        if let twice = entries.indices.first(where: { entries[..<$0].contains(entries[$0]) }) {
            return refused("/pruning/\(list)/\(twice)", "stands in the list twice")
        }
        let rest = pruning.filter { member in !lists.contains { $0.list == member.name } }
        var points: [Point] = []
        var errors: [FieldError] = []
        for (index, entry) in entries.enumerated() {
            let cut = JSON.object(rest).replacing([field: entry])
            let (job, found) = JobRequest.read(body.replacing(["pruning": cut]), webhook: webhook)
            let point = Point(job, list: list, index: index, field: field)
            points.append(point)
            errors += point.inSweep(found).filter { !errors.contains($0) }
        }
        return (SweepRequest(name: points.first?.job.name, points: points), errors)
    }
}
