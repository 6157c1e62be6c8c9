import Hashing
import Testing

private func hex(_ bytes: [UInt8]) -> String { bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() }

/// FIPS 180-2, appendices A and B.
@Test(arguments: [
    (MessageDigest.Algorithm.sha256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (.sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
        .sha256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (.sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    (.sha1, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
])
func digestsAreThoseOfTheStandard(_ algorithm: MessageDigest.Algorithm, _ text: String, _ expected: String) {
    var whole = MessageDigest(algorithm)
    whole.update(text.utf8)
    #expect(hex(whole.finalize()) == expected)
    var pieces = MessageDigest(algorithm)
    for byte in text.utf8 { pieces.update([byte]) }
    #expect(hex(pieces.finalize()) == expected)
    #expect(pieces.finalize().count == algorithm.byteCount)
}

@Test func aCopyOfADigestGoesOnByItself() {
    var digest = MessageDigest(.sha256)
    digest.update("a".utf8)
    var copy = digest
    copy.update("x".utf8)
    digest.update("b".utf8)
    #expect(digest.finalize() == MessageDigest.sha256("ab".utf8))
    digest.update("c".utf8)
    #expect(digest.finalize() == MessageDigest.sha256("abc".utf8))
    #expect(copy.finalize() == MessageDigest.sha256("ax".utf8))
}

/// RFC 4231, test cases 2 and 6.
@Test(arguments: [
    (Array("Jefe".utf8), "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    (
        [UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    ),
])
func authenticationCodesAreThoseOfTheStandard(_ key: [UInt8], _ message: String, _ expected: String) {
    #expect(hex(AuthenticationCode.sha256(of: Array(message.utf8), key: key)) == expected)
}
