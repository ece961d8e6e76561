import AWSClients
import Crypto
import HTTP
import Handlers
import JSON
import TestSupport
import Testing

/// The product's own bootstrap under AWS's own emulator, with moto for AWS.
@Suite(.timeLimit(.minutes(2))) struct ProductTests {
    /// The variables of an `api` function whose table, bucket, topic and queue exist in moto.
    private func environment(_ local: LocalAWS) async throws -> [String: String] {
        let name = "t-\(UUID.v4())"
        let variables = local.environment
        return try await Self.loop.task {
            let aws = AWSClient(
                http: HTTPClient(loop: Self.loop),
                configuration: try AWSClient.Configuration(environment: variables))
            try await DynamoDB(aws).call("CreateTable", TableDefinition.createTableInput(name: name))
            try await S3(aws).createBucket(name)
            let queue = try await SQS(aws).createQueue(name)
            return [
                "TABLE_NAME": name, "BUCKET_NAME": name, "TOPIC_ARN": try await SNS(aws).createTopic(name),
                "WORK_QUEUE_URL": queue, "RESUME_QUEUE_URL": queue, "AUTH_MODE": "none",
            ]
        }.value
    }

    /// A folder of fixtures and those in it.
    private static func folders(_ root: String) throws -> [String] {
        try [root]
            + Fixtures.list(root).filter { !$0.contains(".") }.flatMap { name in
                // A licence's name has no dot either, and is no folder.
                (try? folders("\(root)/\(name)")) ?? []
            }
    }

    private static let loop = EventLoop.onNewThread()

    private func api(_ environment: [String: String]) async throws -> Emulator {
        try await Emulator([BuiltProgram.path("bootstrap")], handler: "api", environment: environment)
    }

    private static let generate = "\(Fixtures.folder)/../../dev/events/session/02-api-generate.json"

    @Test func `the recorded API events are answered`() async throws {
        let local = try await LocalAWS.shared()
        let emulator = try await api(try await environment(local).merging(local.environment) { $1 })
        for name in try Fixtures.list("api", ending: ".json") {
            let answer = try JSON(parsing: try await emulator.invoke(Fixtures.bytes("api/\(name)")).body)
            #expect(answer["statusCode"] == 200, "\(name)")
            let text = try #require(answer["body"]?.string)
            let body = answer["isBase64Encoded"] == true ? Base64.decode(text) : Array(text.utf8)
            #expect(try JSON(parsing: try #require(body))["valid"] == true, "\(name)")
        }
        let accepted = try JSON(parsing: try await emulator.invoke(Fixtures.bytes(Self.generate)).body)
        #expect(accepted["statusCode"] == 202)
    }

    /// Events of other services are none of the API's: each is an error document or a refusal, and the process goes on.
    @Test func `no recorded event ends the process`() async throws {
        let local = try await LocalAWS.shared()
        let emulator = try await api(try await environment(local).merging(local.environment) { $1 })
        var count = 0
        for folder in try Self.folders("events") {
            for name in try Fixtures.list(folder, ending: ".json") {
                let answer = try await emulator.invoke(Fixtures.bytes("\(folder)/\(name)"))
                #expect(answer.status == 200, "\(name)")
                let document = try JSON(parsing: answer.body)
                #expect(document["statusCode"] != nil || document["errorType"] != nil, "\(name)")
                count += 1
            }
        }
        #expect(count > 100)
        #expect(emulator.starts == 1)
    }

    /// The emulator sets the three variables of credentials, empty ones when it was given none.
    @Test func `empty credential variables count as unset`() async throws {
        let local = try await LocalAWS.sharedWithoutSignatures()
        let role = try ScriptedServer { connection in
            while true {
                let request = try connection.readRequest()
                let body = #"""
                    {"AccessKeyId":"AKIDFROMCONTAINER","SecretAccessKey":"s","Token":"t","Expiration":"2100-01-01T00:00:00Z"}
                    """#
                try connection.respond(request.line.hasPrefix("GET /role ") ? 200 : 404, body: body)
            }
        }
        var variables = try await environment(local).merging(local.environment) { $1 }
        variables["AWS_ACCESS_KEY_ID"] = nil
        variables["AWS_SECRET_ACCESS_KEY"] = nil
        variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = role.url("/role").description
        let emulator = try await api(variables)
        let accepted = try JSON(parsing: try await emulator.invoke(Fixtures.bytes(Self.generate)).body)
        #expect(accepted["statusCode"] == 202)
        #expect(role.connectionCount == 1)
    }

    @Test func `a variable that is missing is what the caller is told`() async throws {
        let answer = try await api(["AWS_REGION": "us-east-1"]).invoke("{}")
        #expect(answer.status == 502)
        let document = try JSON(parsing: answer.body)
        let message = try #require(document["errorMessage"]?.string)
        #expect(message.hasPrefix("TABLE_NAME is not set"), "\(message)")
    }

    /// It would double the program. A program that does link it, this one, shows that the question is put rightly.
    @Test func `bootstrap links no Foundation`() async throws {
        func libraries(_ program: String) async throws -> [String] {
            let lister = try ChildProcess("ldd", [program])
            #expect(await lister.exit() == 0)
            return lister.standardOutput.split(separator: "\n").map(String.init)
        }
        let linked = try await libraries(BuiltProgram.path("bootstrap"))
        #expect(linked.contains { $0.contains("libcurl") })
        #expect(linked.filter { $0.contains("Foundation") } == [])
        #expect(try await libraries(BuiltProgram.running).contains { $0.contains("Foundation") })
    }
}
