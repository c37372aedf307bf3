"""Who a connector is: joining, renewing, calling the service's control end points."""
