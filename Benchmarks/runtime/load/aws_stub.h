// Answers calls to DynamoDB, SQS, SNS and S3 at once, without looking further than their names, and counts them.
#pragma once
#include <stdio.h>

// Begins anew; gives the port.
int aws_stub_start(void);

// From now on there is a job: what a Query of any job's partition is answered with. NULL for none.
void aws_stub_set_job(const char *page);

// Calls so far.
int aws_stub_calls(void);

// Calls so far by operation, and the connections they came on, as members of a JSON object.
void aws_stub_print(FILE *file);
