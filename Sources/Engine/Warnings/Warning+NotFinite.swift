extension [Warning] {
    /// What is told of tensors that hold a number that is not finite: the first few.
    ///
    /// - Parameter place: what stands before each name, such as a folder's.
    public static func notFinite(_ tensors: [String], in place: String = "") -> [Warning] {
        tensors.prefix(8).map { Warning(.weightsNotFinite, "\(place)tensor \($0) holds numbers that are not finite") }
    }
}
