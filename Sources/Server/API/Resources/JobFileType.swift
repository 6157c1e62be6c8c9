/// What the files of jobs are.
enum JobFileType: String, CaseIterable {
    case picture = "image/png"
    case archive = "application/x-tar"
    case numpy = "application/zip"

    /// By a file's name.
    init(of name: String) {
        self = Self.endings.first { name.hasSuffix($0.ending) }?.type ?? .picture
    }

    private static let endings: [(ending: String, type: JobFileType)] = [(".tar", .archive), (".npz", .numpy)]
}
