import AWSClients
import HTTP
import Handlers
import JSON
import TestSupport
import Testing

@testable import comfy_lambda

/// admin on a table of the test's own.
@Suite(.timeLimit(.minutes(1))) struct AdminCommandTests {
    private static func run(_ words: [String], table: String?, _ variables: [String: String] = [:])
        async throws
        -> String?
    {
        let loop = EventLoop.onNewThread()
        let command = try AdminCommand(AdminCommand.syntax.parse(words))
        var environment = try await LocalAWS.shared().environment
        environment["TABLE_NAME"] = table
        environment.merge(variables) { $1 }
        let context = CommandContext(
            loop: loop, console: Console(environment: [:], isJSON: true), environment: environment)
        do {
            #expect(try await loop.task { try await command.run(context) }.value == 0)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func theFirstAdministratorIsMadeAndListed() async throws {
        let loop = EventLoop.onNewThread()
        let aws = AWSClient(
            http: HTTPClient(loop: loop),
            configuration: try .init(environment: try await LocalAWS.shared().environment))
        let table = "admin-command"
        try await DynamoDB(aws).call("CreateTable", TableDefinition.createTableInput(name: table))
        let words = ["create", "--email", "ada@example.org", "--generate-password"]
        #expect(try await Self.run(words, table: table) == nil)
        let taken = try await Self.run(words + ["--table", table], table: nil)
        #expect(taken == "There is an account with this e-mail address already.")
        let wrong = try await Self.run(
            ["create", "--email", "ada", "--generate-password"], table: table)
        #expect(wrong == "'ada' is no e-mail address.")
        let all = try await Administrators(aws, table: table).list()
        #expect(all.map(\.email) == ["ada@example.org"])
        #expect(all.map(\.isActive) == [true])
        #expect(try await Self.run(["list"], table: table) == nil)
    }

    @Test func anInvitationIsMadeUnderTheDeploymentsSecret() async throws {
        let loop = EventLoop.onNewThread()
        let aws = AWSClient(
            http: HTTPClient(loop: loop),
            configuration: try .init(environment: try await LocalAWS.shared().environment))
        let table = "admin-command-invite"
        try await DynamoDB(aws).call("CreateTable", TableDefinition.createTableInput(name: table))
        let secret = ["TOKEN_SECRET": String(repeating: "s", count: 32)]
        #expect(try await Self.run(["invite", "--tier", "pro"], table: table, secret) == nil)
        let items = try await DynamoDB(aws).scan(.init(table: table)).items
        let invitations = items.filter { $0["sk"] == .s("INVITE") }
        #expect(invitations.map { $0["tier"] } == [.s("pro")])
        #expect(
            try await Self.run(["invite"], table: table)
                == "An invitation takes TOKEN_SECRET of the deployment's functions.")
        let gold = try await Self.run(["invite", "--tier", "gold"], table: table, secret)
        #expect(gold?.contains("must be one of free, pro, admin") == true)
    }

    @Test func withoutATableTheOptionsAreNamed() async throws {
        let failure = try await Self.run(["list"], table: nil)
        #expect(failure?.contains("--table") == true)
    }

    @Test(arguments: [
        [], ["delete"], ["create"], ["create", "--email", "x", "--generate-password", "--password-stdin"],
        ["create", "--email", "x", "--password", "y"], ["invite", "--expires-in-days", "0"],
    ])
    func whatCannotBeRunIsAUsageError(words: [String]) {
        #expect(throws: UsageError.self) { try AdminCommand(AdminCommand.syntax.parse(words)) }
    }
}
