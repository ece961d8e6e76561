import Testing

@testable import Handlers

/// All interleavings of two announcers, a user who deletes, and two erasers, from a job that has just ended: its end is
/// published whatever happens, and it stays due until nothing of it is left.
@Suite struct DeletionModelTests {
    private typealias Ref = ModelTable.Ref

    private struct World: Hashable {
        var job: Ref
        var isPublished = false
        /// What each is about to do with the job as it was read; nil when it does nothing.
        var announcers: [Announcer?] = [nil, nil]
        var erasers: [Eraser?] = [nil, nil]
        /// The job as the user read it.
        var user: Ref?
        /// How many may still die in between.
        var deaths = 1
    }

    private enum Announcer: Hashable { case publish(Ref), note(Ref) }
    private enum Eraser: Hashable { case remove(Ref), note(Ref) }

    private let table = ModelTable(policy: JobPolicy())

    @Test func itsEndIsPublishedAndItIsDueUntilItIsGone() throws {
        let start = World(job: table.intern(try Sample.completed()))
        var seen: Set<World> = [start]
        var frontier = [start]
        var ends: Set<Ref> = []
        while let world = frontier.popLast() {
            let next = steps(from: world)
            if next.isEmpty { ends.insert(world.job) }
            for after in next {
                check(from: world, to: after)
                if seen.insert(after).inserted { frontier.append(after) }
            }
        }
        #expect(seen.count > 300)
        for end in ends {
            let job = table[end]
            #expect(job.deletedAt != nil)
            #expect(!job.notificationPending)
            #expect(job.dueAt == nil)
            #expect(job.outputs.isEmpty)
        }
        #expect(!ends.isEmpty)
    }

    private func check(from before: World, to after: World) {
        let (old, new) = (table[before.job], table[after.job])
        if old.notificationPending, !new.notificationPending { #expect(after.isPublished) }
        if new.deletedAt != nil {
            let item = JobItem.encode(new)
            #expect(item["user_pk"] == nil)
            #expect(item["user_status_pk"] == nil)
            #expect(item["open_pk"] != nil || new.outputs.isEmpty)
        }
        if !old.outputs.isEmpty, new.outputs.isEmpty {
            #expect(after.isPublished && !new.notificationPending)
        }
        #expect(new.state == old.state)
    }

    private func steps(from world: World) -> [World] {
        let job = table[world.job]
        var steps: [World] = []
        func step(_ change: (inout World) -> Void) {
            var after = world
            change(&after)
            steps.append(after)
        }
        if job.deletedAt == nil {
            if let read = world.user {
                step {
                    // Refused, it is read again.
                    $0.job = table.write(.deleted, read: read, found: world.job) ?? world.job
                    $0.user = nil
                }
            } else {
                step { $0.user = world.job }
            }
        }
        for index in 0..<2 {
            switch world.announcers[index] {
            case nil where job.notificationPending: step { $0.announcers[index] = .publish(world.job) }
            case .publish(let read)?:
                step {
                    $0.isPublished = true
                    $0.announcers[index] = .note(read)
                }
            case .note(let read)?:
                step {
                    $0.job = table.write(.announced, read: read, found: world.job) ?? world.job
                    $0.announcers[index] = nil
                }
            case nil: break
            }
            switch world.erasers[index] {
            case nil where job.deletedAt != nil && job.dueAt != nil && !job.notificationPending:
                step { $0.erasers[index] = .remove(world.job) }
            case .remove(let read)?: step { $0.erasers[index] = .note(read) }
            case .note(let read)?:
                step {
                    $0.job = table.write(.erased, read: read, found: world.job) ?? world.job
                    $0.erasers[index] = nil
                }
            case nil: break
            }
            if world.deaths > 0, world.announcers[index] != nil {
                step {
                    $0.deaths -= 1
                    $0.announcers[index] = nil
                }
            }
            if world.deaths > 0, world.erasers[index] != nil {
                step {
                    $0.deaths -= 1
                    $0.erasers[index] = nil
                }
            }
        }
        return steps
    }
}
