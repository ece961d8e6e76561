// stub: the runtime's AWS stub alone, with the job of a file in it, until it is killed. Prints its port.
#include <stdio.h>
#include <stdlib.h>

#include "../runtime/load/aws_stub.h"
#include "../runtime/load/connection.h"

int main(int count, char **arguments) {
    FILE *file = count == 2 ? fopen(arguments[1], "r") : NULL;
    char *page = calloc(1, 64 << 10);
    if (!file || !page || !fread(page, 1, (64 << 10) - 1, file)) fail("usage: stub FILE with the answer to a job's query");
    fclose(file);
    aws_stub_set_job(page);
    printf("%d\n", aws_stub_start());
    fflush(stdout);
    for (;;) serve(1000);
}
