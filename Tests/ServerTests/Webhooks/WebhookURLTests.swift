import Server
import Testing

/// Which URLs are taken, and what can be seen of where they lead.
@Suite struct WebhookURLTests {
    @Test(arguments: [
        "http://example.com", "https://example.com/", "HTTPS://Example.com/Hook?a=b&c=@d:e", "http://example.com:8080/x",
        "https://sub-domain.example_x.com.:443/", "http://8.8.8.8/", "http://[2606:4700::1111]:80/", "http://xn--bcher-kva.example/",
        "https://example.com?x", "https://example.com:65535",
    ])
    func thisIsTaken(url: String) {
        #expect(WebhookURL.trouble(url) == nil)
        #expect(!WebhookURL.isPlainlyPrivate(url))
    }

    @Test(arguments: [
        "", "example.com", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com", "//example.com", "http:/example.com",
        "http://", "http:///path", "http://user@example.com/", "http://user:password@example.com/", "http://@example.com",
        "http://example.com:0/", "http://example.com:/", "http://example.com:65536/", "http://example.com:8a/", "http://example.com:-1/",
        "http://exa mple.com/", "http://example.com/\n", "http://example.com/\u{0}", "http://exämple.com/", "http://example.com/é",
        "http://example.com\\@10.0.0.1/", "http://example.com/\\x", "http://example.com/#fragment", "http://exa%6dple.com/",
        "http://[::1", "http://[]/", "http://[::g]/", "http://[1.2.3.4]/", "http://[fe80::1%25eth0]/", "http://[::1]x/", "http://a,b/",
        "http://127.0.0.1:80@example.com/", "http://\(String(repeating: "a", count: 254)).com/", " http://example.com",
        "javascript:alert(1)",
    ])
    func thisIsNot(url: String) {
        #expect(WebhookURL.trouble(url) != nil)
        #expect(WebhookURL.isPlainlyPrivate(url))
    }

    @Test(arguments: [
        "http://localhost/", "http://LOCALHOST:8080", "http://localhost./", "http://a.localhost/", "http://127.0.0.1/", "http://127.1/",
        "http://0x7f000001/", "http://2130706433/", "http://0/", "http://10.0.0.1:9/", "http://[::1]/", "http://[::ffff:10.0.0.1]/",
        "http://[fd00::1]:80/x", "http://169.254.169.254/latest/meta-data/", "https://192.168.1.1?x", "http://100.64.0.1/",
    ])
    func thisIsPlainlyPrivate(url: String) {
        #expect(WebhookURL.trouble(url) == nil)
        #expect(WebhookURL.isPlainlyPrivate(url))
    }
}
