// What is freed of large tables stays with the process.
#pragma once

namespace heapwatch {

// To be called once, at the start. A table of a few megabytes is made for every window that is
// judged, and freed again: handed back to the system each time, its pages cost more to get anew
// than all that is done with them. glibc comes to the same by itself, but only once much larger
// tables have been freed. Keeps 64 MiB at most for each of its arenas.
void KeepFreedMemory();

}  // namespace heapwatch
