@testable import HTTP
import Glibc
import TestSupport
import Testing

/// Against `openssl s_server` with a certificate for `localhost` from an authority made for the test.
@Suite(.timeLimit(.minutes(1))) struct TLSTests {
    private let authority: CertificateAuthority

    init() async throws { authority = try await CertificateAuthority() }

    /// An HTTPS server that answers every request with 200, and its port.
    private func startServer(_ options: [String] = []) async throws -> (process: ChildProcess, port: Int) {
        let process = try ChildProcess(
            "openssl",
            [
                "s_server", "-accept", "127.0.0.1:0", "-cert", authority.serverCertificate, "-key",
                authority.serverKey,
                "-www",
            ]
                + options)
        try #require(await process.hasPrinted("ACCEPT 127.0.0.1:"), "\(process.standardError)")
        let line = try #require(
            process.standardOutput.split(separator: "\n").first { $0.hasPrefix("ACCEPT ") })
        let port = try #require(line.split(separator: ":").last.flatMap { Int($0) })
        return (process, port)
    }

    @Test func trustedWithItsAuthorityOnly() async throws {
        let (process, port) = try await startServer()
        defer { process.terminate() }
        let url = try #require(URL("https://localhost:\(port)/"))
        try await withClient {
            $0.caBundle = authority.certificate
        } _: { client in
            let response = try await client.send(.init(.get, url))
            #expect(response.status == 200)
        }
        try await withClient { client in
            let error = await #expect(throws: HTTPError.self) { _ = try await client.send(.init(.get, url)) }
            #expect(error?.code == .tls)
            #expect(error?.mayHaveBeenSent == false)
            #expect(error?.reason.contains("unable to get local issuer certificate") == true)
        }
    }

    /// OpenSSL's texts are put off at the start, for its speed, and there when TLS is used.
    @Test func aFailedHandshakeIsToldInWords() async throws {
        let plain = try ScriptedServer { connection in
            try connection.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            connection.waitForHangUp()
        }
        try await withClient { client in
            let url = try #require(URL("https://127.0.0.1:\(plain.port)/"))
            let error = await #expect(throws: HTTPError.self) { _ = try await client.send(.init(.get, url)) }
            #expect(error?.code == .tls)
            #expect(
                error?.reason.contains("SSL routines::wrong version number") == true, "\(error?.reason ?? "")"
            )
        }
    }

    @Test func anotherHostsCertificateIsRefused() async throws {
        let (process, port) = try await startServer()
        defer { process.terminate() }
        try await withClient {
            $0.caBundle = authority.certificate
        } _: { client in
            let url = try #require(URL("https://127.0.0.1:\(port)/"))
            let error = await #expect(throws: HTTPError.self) { _ = try await client.send(.init(.get, url)) }
            #expect(error?.code == .tls)
            #expect(error?.reason.contains("127.0.0.1") == true)
        }
    }

    @Test func aBundleThatIsMissingTrustsNobody() async throws {
        let (process, port) = try await startServer()
        defer { process.terminate() }
        try await withClient {
            $0.caBundle = "/no/such/bundle.pem"
        } _: { client in
            let url = try #require(URL("https://localhost:\(port)/"))
            let error = await #expect(throws: HTTPError.self) { _ = try await client.send(.init(.get, url)) }
            #expect(error?.code == .tls)
        }
    }

    @Test(arguments: [("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)])
    func onlyVersions12AndLater(option: String, accepted: Bool) async throws {
        let (process, port) = try await startServer([option, "-cipher", "DEFAULT@SECLEVEL=0"])
        defer { process.terminate() }
        try await withClient {
            $0.caBundle = authority.certificate
        } _: { client in
            let url = try #require(URL("https://localhost:\(port)/"))
            do throws(HTTPError) {
                let response = try await client.send(.init(.get, url))
                #expect(response.status == 200)
                #expect(accepted)
            } catch {
                #expect(!accepted)
                #expect(error.code == .tls)
            }
        }
    }

    @Test func webSocketsAreVerifiedAndCarriedToo() async throws {
        let server = try EchoServer()
        // Ends TLS before the scripted server: nothing here but Python's standard library can.
        let relay = try ChildProcess(
            "python3", ["-c", Self.relay, authority.serverCertificate, authority.serverKey, "\(server.port)"])
        defer { relay.terminate() }
        try #require(await relay.hasPrinted("\n"), "\(relay.standardError)")
        let port = try #require(Int(relay.standardOutput.split(separator: "\n")[0]))
        let url = try #require(URL("wss://localhost:\(port)/"))
        try await withClient {
            $0.caBundle = authority.certificate
        } _: { client in
            let socket = try await client.webSocket(url)
            let large = [UInt8](repeating: 9, count: 2 << 20)
            for message in [WebSocket.Message.text("hello"), .binary(large), .text("bye")] {
                try await socket.send(message)
                #expect(try await socket.receive() == message)
            }
            await socket.close()
        }
        try await withClient { client in
            let error = await #expect(throws: HTTPError.self) { _ = try await client.webSocket(url) }
            #expect(error?.code == .tls)
        }
    }

    private static let relay = """
        import socket, ssl, sys, threading
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        listener = socket.create_server(("127.0.0.1", 0))
        print(listener.getsockname()[1], flush=True)
        def pump(source, target):
            try:
                while data := source.recv(65536):
                    target.sendall(data)
                target.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        def serve(raw):
            try:
                inside = context.wrap_socket(raw, server_side=True)
            except OSError:
                return
            outside = socket.create_connection(("127.0.0.1", int(sys.argv[3])))
            threading.Thread(target=pump, args=(inside, outside), daemon=True).start()
            pump(outside, inside)
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        """

    @Test func theBundleIsSearched() {
        let readable: (String) -> Bool = {
            $0 == "/etc/pki/tls/certs/ca-bundle.crt" || $0 == "/etc/ssl/cert.pem"
        }
        func path(_ environment: [String: String]) -> String? {
            CertificateBundle.path(environment: { environment[$0] }, isReadable: readable)
        }
        #expect(path(["AWS_CA_BUNDLE": "/a", "SSL_CERT_FILE": "/b"]) == "/a")
        #expect(path(["SSL_CERT_FILE": "/b"]) == "/b")
        #expect(path([:]) == "/etc/pki/tls/certs/ca-bundle.crt")
        #expect(CertificateBundle.path(environment: { _ in nil }, isReadable: { _ in false }) == nil)
    }
}
