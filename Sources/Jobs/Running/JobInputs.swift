import Engine

/// What a job is about, as it was read from the store.
struct JobInputs {
    let source: StoredCheckpoint
    var stages: JobStages
    /// What fine-tuning imitates, and its network.
    let teacher: (lineage: Teacher, model: any Architecture)?
    let pictures: PictureSet?
    /// How many pictures the dataset has, and ``StoredPictures/digest(_:)``.
    let dataset: (images: Int, digest: String)?
}
