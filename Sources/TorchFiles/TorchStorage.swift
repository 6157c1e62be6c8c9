/// A run of numbers that tensors look into, as the pickle describes it.
struct TorchStorage {
    /// The name of its record under `data/`.
    let key: String
    /// Its numbers' format; nil for one that counts bytes.
    let type: TorchType?
    /// How many numbers, or bytes, it says it has.
    let count: Int

    /// Its bytes; nil when they are more than can be counted.
    var size: Int? {
        let (size, overflow) = count.multipliedReportingOverflow(by: type?.size ?? 1)
        return overflow ? nil : size
    }
}
