/// What a pickle may name: the classes and functions that `torch.load(weights_only=True)` allows by itself and that make plain tensors,
/// plain containers, or nothing of interest (compare `torch/_weights_only_unpickler.py`), and those by which PyTorch Lightning told of training
/// when latent diffusion and Stable Diffusion were published. None of them is ever run: each has its meaning here.
enum PickleGlobal: Equatable {
    case rebuildTensor
    case rebuildTensorV2
    case rebuildTensorV3
    case rebuildParameter
    case rebuildParameterWithState
    case orderedDictionary
    case size
    /// A typed storage's class.
    case storage(TorchType)
    /// Storage that counts bytes.
    case untypedStorage
    case type(TorchType)
    /// A class whose objects say nothing about weights.
    case inert

    /// The meaning of a global; nil for all that is not allowed.
    static func named(module: String, name: String) -> PickleGlobal? {
        if let known = table[module]?[name] { return known }
        if module == "torch", let type = TorchType(rawValue: name) { return .type(type) }
        return nil
    }

    private static let table: [String: [String: PickleGlobal]] = [
        "torch._utils": [
            "_rebuild_tensor": .rebuildTensor, "_rebuild_tensor_v2": .rebuildTensorV2, "_rebuild_tensor_v3": .rebuildTensorV3,
            "_rebuild_parameter": .rebuildParameter, "_rebuild_parameter_with_state": .rebuildParameterWithState,
        ],
        "torch": [
            "DoubleStorage": .storage(.float64), "FloatStorage": .storage(.float32), "HalfStorage": .storage(.float16),
            "BFloat16Storage": .storage(.bfloat16), "LongStorage": .storage(.int64), "IntStorage": .storage(.int32),
            "ShortStorage": .storage(.int16), "CharStorage": .storage(.int8), "ByteStorage": .storage(.uint8),
            "BoolStorage": .storage(.bool), "ComplexDoubleStorage": .storage(.complex128), "ComplexFloatStorage": .storage(.complex64),
            "Size": .size, "device": .inert, "Tensor": .inert,
        ],
        "torch.storage": ["UntypedStorage": .untypedStorage],
        "torch.nn.parameter": ["Parameter": .inert],
        "torch.serialization": ["_get_layout": .inert],
        "collections": ["OrderedDict": .orderedDictionary, "Counter": .inert],
        // How Python's protocols 0 to 2 and 3 onwards say bytes, bytearrays, sets and complex numbers.
        "_codecs": ["encode": .inert],
        "__builtin__": ["bytearray": .inert, "set": .inert, "complex": .inert],
        "builtins": ["bytearray": .inert, "set": .inert, "complex": .inert],
        // Which file was the best so far, and its loss.
        "pytorch_lightning.callbacks.model_checkpoint": ["ModelCheckpoint": .inert],
        "numpy": ["dtype": .inert],
        "numpy.core.multiarray": ["scalar": .inert],
        "numpy._core.multiarray": ["scalar": .inert],
    ]
}
