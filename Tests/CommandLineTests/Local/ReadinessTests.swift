import Testing

@testable import comfy_lambda

@Suite struct ReadinessTests {
    @Test(arguments: [
        (#"{"event":"ready","port":8188}"#, 8188), (#"{"event":"stopped","port":8188}"#, nil),
        (#"{"event":"ready"}"#, nil), ("Traceback (most recent call last):", nil),
    ])
    func theReadyLinesPort(line: String, port: Int?) {
        #expect(readyPort(line) == port)
    }
}
