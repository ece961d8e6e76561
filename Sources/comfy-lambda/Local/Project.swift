/// Where the things lie that local work needs: this project's folder, and in it Python, `dev/` and `.local/`.
struct Project: Sendable {
    /// The folder with `dev/requirements.txt` in it.
    let folder: String
    /// Outputs, logs and the addresses of a running `serve`; in no repository.
    let localFolder: String

    /// Looks upwards from the current folder, then from the running program. `state` is another place for what else
    /// goes to `.local`.
    init(state: String? = nil) throws(CommandFailure) {
        let starts = [FileSystem.currentFolder, FileSystem.executable].compactMap(\.self)
        for start in starts {
            for folder in Self.ancestors(of: start) where FileSystem.exists(folder + "/dev/requirements.txt")
            {
                self.init(folder: folder, state: state)
                return
            }
        }
        throw CommandFailure(
            "This is not inside comfy-lambda's folder: no dev/requirements.txt in \(FileSystem.currentFolder) "
                + "or above it. Change to the folder that was cloned.")
    }

    init(folder: String, state: String? = nil) {
        self.folder = folder
        localFolder = state ?? folder + "/.local"
    }

    /// The path itself and every folder above it.
    static func ancestors(of path: String) -> [String] {
        var result = [path]
        var rest = path[...]
        while let slash = rest.lastIndex(of: "/") {
            rest = rest[..<slash]
            result.append(String(rest))
        }
        return result
    }

    /// Where a server or a function logs.
    func logFile(_ name: String) -> String { "\(localFolder)/logs/\(name).log" }

    /// The Python of the virtual environment that `make setup` makes.
    func python() throws(CommandFailure) -> String {
        let path = folder + "/.venv/bin/python3"
        guard FileSystem.isExecutable(path) else {
            throw CommandFailure(
                "The Python environment is not set up (\(path) is missing). Run 'make setup' in \(folder).")
        }
        return path
    }

    /// The `bootstrap` that belongs to this program: the one given, else the one beside it.
    static func bootstrap(_ given: String?) throws(CommandFailure) -> String {
        if let given {
            guard FileSystem.isExecutable(given) else {
                throw CommandFailure("\(given) is no program that can be run.")
            }
            return FileSystem.absolute(given)
        }
        let own = FileSystem.executable ?? ""
        let folder = own.lastIndex(of: "/").map { own[..<$0] } ?? ""
        let path = folder + "/bootstrap"
        guard FileSystem.isExecutable(String(path)) else {
            throw CommandFailure(
                "There is no bootstrap program beside \(own). Run 'make build', or name one with --bootstrap."
            )
        }
        return String(path)
    }
}
