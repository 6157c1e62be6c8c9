/// What happens to a server and its data folder at the end of a round.
enum Mishap {
    /// The process dies.
    case kill
    /// The process dies, and the disk has only what it was waited for, and perhaps some of the rest.
    case powerCut
    /// The process dies, and some blobs are flipped, cut short, exchanged or removed.
    case damagedBlobs
    /// The process dies, and its database or the log of that is removed, exchanged for another store's, cut short or flipped.
    case harmedDatabase
}
