import TestSupport
import Testing

@testable import comfy_lambda

@Suite struct FileSystemTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func whatIsWrittenIsRead() throws {
        let path = folder.path + "/a"
        try FileSystem.write([1, 2, 3, 4], to: path)
        try FileSystem.write([5, 6], to: path)
        #expect(try FileSystem.read(path) == [5, 6])
    }

    @Test func aFileOverTheLimitIsRefused() throws {
        let path = try folder.write("big", [UInt8](repeating: 0, count: (1 << 20) + 1))
        #expect(throws: CommandFailure("\(path) is larger than 1 MB")) {
            try FileSystem.read(path, limit: 1 << 20)
        }
    }

    @Test func aMissingFileIsASentence() {
        let path = folder.path + "/none"
        #expect(throws: CommandFailure("cannot read \(path): No such file or directory")) {
            try FileSystem.read(path)
        }
    }

    @Test func foldersAreMadeWithThoseAbove() throws {
        let path = folder.path + "/a/b/c"
        try FileSystem.createFolder(path)
        try FileSystem.createFolder(path)
        try FileSystem.write([], to: path + "/z.json")
        try FileSystem.write([], to: path + "/y.json")
        try FileSystem.write([], to: path + "/.hidden")
        #expect(try FileSystem.names(in: path) == ["y.json", "z.json"])
    }

    @Test func aFolderUnderAFileIsASentence() throws {
        let file = try folder.write("file", [])
        #expect(throws: CommandFailure("cannot create \(file)/a: Not a directory")) {
            try FileSystem.createFolder(file + "/a")
        }
    }

    @Test func foldersAboveAreFoundFromThePathUpwards() {
        #expect(Project.ancestors(of: "/a/b/c") == ["/a/b/c", "/a/b", "/a", ""])
    }

    @Test func withoutPythonASentenceSaysWhatToDo() {
        let project = Project(folder: folder.path)
        #expect(
            throws: CommandFailure(
                "The Python environment is not set up (\(folder.path)/.venv/bin/python3 is missing). "
                    + "Run 'make setup' in \(folder.path).")
        ) { try project.python() }
    }
}
