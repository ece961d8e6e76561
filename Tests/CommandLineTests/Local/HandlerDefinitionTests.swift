import Handlers
import TestSupport
import Testing

@testable import comfy_lambda

@Suite struct HandlerDefinitionTests {
    /// What runs locally has the time that it has when it is deployed; dispatch has less, so that a hand-off is seen.
    @Test(arguments: HandlerName.allCases.filter { $0 != .dispatch })
    func aHandlerHasTheTimeLimitOfTheTemplate(handler: HandlerName) throws {
        let template = try Fixtures.text("../../template.yaml")
        let lines = template.split(separator: "\n").map { String($0.drop { $0 == " " }) }
        let place = try #require(lines.firstIndex(of: "Handler: \(handler.rawValue)"))
        let definition = handler.definition(bootstrap: "/bootstrap", environment: [:])
        #expect(lines[place + 1] == "Timeout: \(definition.timeout.components.seconds)")
    }
}
