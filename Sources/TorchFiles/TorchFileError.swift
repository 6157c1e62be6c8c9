/// Why a file that should be torch.save's is refused. Texts are safe to show to whoever uploaded it.
package enum TorchFileError: Error, Equatable, CustomStringConvertible {
    /// The operating system refused; what was done and its error text.
    case system(action: String, reason: String)
    /// The zip around the pickle is not as torch.save writes it; `entry` is nil where the trouble is outside any entry.
    case archive(entry: String?, trouble: String)
    /// An instruction that state dicts do not need, by its name in Python's pickletools.
    case opcode(String, offset: Int)
    /// A class or function that is neither a tensor's nor a plain container's.
    case global(String, offset: Int)
    /// The pickle contradicts itself or what PyTorch writes.
    case pickle(String, offset: Int)
    /// One tensor or its storage is at fault.
    case tensor(name: String, trouble: String)
    /// More of something than a file of this size may have.
    case limit(String, limit: Int)
    /// No state dict, or no single one, is in the file.
    case contents(String)

    /// What is wrong, naming the entry, opcode, global or tensor.
    package var description: String {
        switch self {
        case .system(let action, let reason): "\(action) failed: \(reason)"
        case .archive(nil, let trouble): "PyTorch file: \(trouble)"
        case .archive(let entry?, let trouble): "PyTorch file: entry \"\(entry.prefix(200))\" \(trouble)"
        case .opcode(let name, let offset):
            "its pickle has the opcode \(name) at byte \(offset), which no file of plain tensors needs; save a state dict"
        case .global(let name, let offset):
            "its pickle asks for \(name.prefix(200)) at byte \(offset); only tensors and plain containers are built: save model.state_dict()"
        case .pickle(let trouble, let offset): "its pickle is refused at byte \(offset): \(trouble)"
        case .tensor(let name, let trouble): "tensor \(name.prefix(200)): \(trouble)"
        case .limit(let what, let limit): "its pickle has more than \(limit) \(what)"
        case .contents(let trouble): trouble
        }
    }
}
