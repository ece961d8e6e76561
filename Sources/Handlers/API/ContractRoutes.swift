import AWSClients
import Crypto
import HTTP
import JSON
import LambdaRuntime
import Telemetry

/// The contract, for programs and for people. Made from the router's own table at each request.
struct ContractRoutes: Sendable {
    let services: Services

    /// It changes with a release only; a gateway or a browser may keep it so long.
    private static let cacheControl = "public, max-age=300"

    /// `GET /openapi.json`.
    func openAPI(_ request: APIRequest) async -> HTTPResponse {
        .json(
            Contract.document(API.router(services).routes, authMode: services.configuration.access.mode),
            headers: ["Cache-Control": Self.cacheControl])
    }

    /// `GET /docs`: the contract to read and to try.
    func docs(_ request: APIRequest) async -> HTTPResponse {
        let page = DocsPage(
            Contract.document(API.router(services).routes, authMode: services.configuration.access.mode))
        return HTTPResponse(
            status: 200,
            headers: [
                "Content-Type": "text/html; charset=utf-8", "Cache-Control": Self.cacheControl,
                "Content-Security-Policy": DocsPage.policy(pictures: await pictureOrigins()),
            ], body: Array(page.html.utf8))
    }

    /// Where pictures are shown from: the bucket, and a distribution in front of it. Without the bucket's when nobody knows it at the moment.
    private func pictureOrigins() async -> [String] {
        var addresses: [String] = []
        if let base = services.configuration.outputBaseURL { addresses.append("\(base)") }
        do {
            // Signing asks nobody, and knows how the bucket is addressed.
            let presigned = try await services.s3.presignGet(
                bucket: services.configuration.bucket, key: "outputs/", expiresIn: .seconds(60))
            addresses.append(presigned.url)
        } catch {
            Log.error("no origin for pictures", ["error": .string("\(error)")])
        }
        return addresses.compactMap { URL($0) }.map { "\($0.scheme)://\($0.authority)" }
    }
}
