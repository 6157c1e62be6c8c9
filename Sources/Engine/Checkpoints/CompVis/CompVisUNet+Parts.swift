extension CompVisUNet {
    /// Its tensors under diffusers' names; those that have none keep the file's.
    ///
    /// Where attention is to pixels alone one layer makes q, k and v, and its rows are taken apart: by default heads stand one after the other,
    /// each with its q, k and v (`QKVAttentionLegacy`).
    ///
    /// - Parameter separatesFirst: whether all heads' q come first, then k, then v (`use_new_attention_order`).
    /// - Throws: ``CheckpointError/contents(path:trouble:)`` where rows cannot be divided so.
    func parts(_ heads: CompVisHeads, separatesFirst: Bool) throws(CheckpointError) -> [MappedWeights.Part] {
        var parts: [MappedWeights.Part] = []
        for (name, entry) in shapes.entries {
            guard let (today, isFlat) = names.today(name) else {
                parts.append(MappedWeights.Part(entry.name, entry))
                continue
            }
            guard let range = today.range(of: ".to_qkv.") else {
                parts.append(MappedWeights.Part(today, entry, shape: isFlat ? MappedWeights.flat(entry.shape) : nil))
                continue
            }
            guard let rows = entry.shape.first, rows > 0, rows % 3 == 0, (rows / 3) % heads.count(in: rows / 3) == 0 else {
                throw shapes.refusal("the tensor \(entry.name) of shape \(entry.shape) is not q, k and v of \(heads) each")
            }
            let width = rows / 3
            let count = heads.count(in: width)
            let each = width / count
            for (place, part) in ["q", "k", "v"].enumerated() {
                let runs = (0..<count).map { head in
                    let start = separatesFirst ? place * width + head * each : (3 * head + place) * each
                    return start..<start + each
                }
                parts.append(
                    MappedWeights.Part(today.replacingCharacters(in: range, with: ".to_\(part)."), entry, rows: runs))
            }
        }
        return parts
    }
}
