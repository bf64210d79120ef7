#include "watcher/cli/commands.h"

int main(int argc, char** argv) { return heapwatch::RunCommandLine(argc, argv); }
