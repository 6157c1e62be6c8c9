/// A value of a pickle. Containers are places in a ``PickleHeap``, so that one that holds itself, or a million of one in the other,
/// needs neither reference counts nor recursion.
enum PickleValue {
    case none
    case bool(Bool)
    case integer(Int)
    case number(Double)
    /// Text, as its place among the pickle's bytes; not checked to be UTF-8.
    case string(Range<UInt32>)
    /// Items, as their place among the heap's.
    case tuple(Range<UInt32>)
    case list(Int)
    case dictionary(Int)
    case global(PickleGlobal)
    case storage(Int)
    case tensor(Int)
    /// Something harmless that says nothing about weights: bytes, a set, a device.
    case opaque
}
