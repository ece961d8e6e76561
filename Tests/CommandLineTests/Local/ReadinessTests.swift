import Testing

@testable import comfy_lambda

@Suite struct ReadinessTests {
    @Test(arguments: [
        (" * Running on http://127.0.0.1:33613", 33613),
        ("\u{1B}[33m * Running on http://127.0.0.1:5000\u{1B}[0m (Press CTRL+C to quit)", 5000),
        (" * Running on http://127.0.0.1:", nil), ("WARNING: This is a development server.", nil), ("", nil),
    ])
    func theAWSServersPort(line: String, port: Int?) {
        #expect(awsPort(line) == port)
    }

    @Test(arguments: [
        (#"{"event":"ready","port":8188}"#, 8188), (#"{"event":"stopped","port":8188}"#, nil),
        (#"{"event":"ready"}"#, nil), ("Traceback (most recent call last):", nil),
    ])
    func theStandInsPort(line: String, port: Int?) {
        #expect(standInPort(line) == port)
    }
}
