import JSON

/// The port in werkzeug's line ` * Running on http://127.0.0.1:33613`.
func awsPort(_ line: String) -> Int? {
    let marker = "Running on http://127.0.0.1:"
    guard let start = line.firstRange(of: marker)?.upperBound else { return nil }
    return Int(line[start...].prefix { $0.isASCII && $0.isNumber })
}

/// The port in the stand-in's line `{"event":"ready","port":8188}`.
func standInPort(_ line: String) -> Int? {
    guard let json = try? JSON(parsing: line), json["event"]?.string == "ready" else { return nil }
    return json["port"]?.int
}
