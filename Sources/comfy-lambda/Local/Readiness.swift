import JSON

/// The port in the line `{"event":"ready","port":8188}` with which the programs in `dev/` say that they listen.
func readyPort(_ line: String) -> Int? {
    guard let json = try? JSON(parsing: line), json["event"]?.string == "ready" else { return nil }
    return json["port"]?.int
}
