import ArgumentParser
import Server

/// The binary `pruner`. All of it is ``Server/Pruner``, in a library, so that fuzzers, which bring a `main` of their own, can link it.
@main
enum Main {
    static func main() async { await Pruner.main() }
}
