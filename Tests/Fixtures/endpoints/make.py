"""Writes endpoints.json: what botocore's own resolver says for the services this project calls.

python3 make.py > endpoints.json        (botocore 1.44.5; its data is under the Apache License 2.0)

Left out is Secrets Manager in China with FIPS and dual stack at once, where the rule set contradicts its own answer
for either alone: China has no FIPS endpoints.
"""

import json

import botocore
import botocore.session
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError

SERVICES = ["s3", "dynamodb", "sns", "sqs", "sts", "cloudwatch", "secretsmanager", "ssm", "kms", "lambda"]
REGIONS = [
    "us-east-1", "eu-central-1", "ap-southeast-2", "mx-central-1", "cn-north-1", "us-gov-west-1", "us-gov-east-1",
    "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1", "eusc-de-east-1", "xx-nowhere-7",
]

loader = botocore.session.get_session().get_component("data_loader")
partitions = loader.load_data("partitions")
cases = []
for service in SERVICES:
    provider = EndpointProvider(loader.load_service_model(service, "endpoint-rule-set-1"), partitions)
    for region in REGIONS:
        for fips in (False, True):
            for dual in (False, True):
                if (service, region, fips, dual) == ("secretsmanager", "cn-north-1", True, True):
                    continue
                try:
                    url = provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual).url
                except EndpointProviderError:
                    url = None
                cases.append({"service": service, "region": region, "fips": fips, "dualStack": dual, "url": url})
lines = ",\n".join("    " + json.dumps(case) for case in cases)
print(f'{{\n  "botocore": "{botocore.__version__}",\n  "cases": [\n{lines}\n  ]\n}}')
