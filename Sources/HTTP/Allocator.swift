import CCurl

/// What the process asks of glibc's allocator.
public enum Allocator {
    /// Lets glibc keep what one exchange has freed for the next, up to 16 MB, for a process that does much the same again and again.
    ///
    /// Else it gives memory back whenever a few hundred KB at the heap's end are free, and asks for it again: with bodies of 100 KB that
    /// is 30 page faults an exchange. Blocks of 8 MB and more are still mapped and given back one by one (`mallopt(3)`).
    public static func keepFreedMemory() {
        _ = mallopt(M_MMAP_THRESHOLD, 8 << 20)
        _ = mallopt(M_TRIM_THRESHOLD, 16 << 20)
    }
}
