"""Options and makeService for twistd appproxy-service and twistd appproxy-connector."""
