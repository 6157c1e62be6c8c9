import Foundation
import Hashing
import Server
import Testing

/// Events are signed as Standard Webhooks does.
@Suite struct WebhookSignatureTests {
    /// The vector that the reference libraries of Standard Webhooks are tested with.
    @Test func theReferenceVector() {
        let signature = WebhookSignature(secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        let value = signature.value(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: Array(#"{"test": 2432232314}"#.utf8))
        #expect(value == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test(arguments: ["plain words", "whsec_not base64!", "x"])
    func anyOtherSecretIsTheKeyItself(secret: String) {
        let value = WebhookSignature(secret: secret).value(id: "i", timestamp: 7, body: Array("body".utf8))
        let code = AuthenticationCode.sha256(of: Array("i.7.body".utf8), key: Array(secret.utf8))
        #expect(value == "v1," + Data(code).base64EncodedString())
    }
}
