import Jobs

extension RequestMemory {
    /// What `request_memory` comes to: an eighth of what jobs may take where it is 0.
    package convenience init(_ settings: Configuration, jobs: Int) {
        self.init(
            limit: settings.requestMemory == 0 ? max(Self.least, jobs / 8) : Int(settings.requestMemory), patience: settings.requestPatience
        )
    }
}

extension JobResources {
    /// What settings give each of the workers.
    package init(_ settings: Configuration) {
        self.init(
            threads: settings.threads, memoryLimit: settings.memoryLimit, workers: settings.workers,
            saving: SaveInterval(seconds: Double(settings.saveSeconds), steps: settings.saveSteps))
    }
}
