"""The function that awslambdaric runs: an echo. awslambdaric parses the event and writes the answer as JSON, always."""


def handler(event, context):
    return event
