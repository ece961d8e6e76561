"""The HTTP routes, a topic a file. Each `add` puts its handlers on a route table."""
