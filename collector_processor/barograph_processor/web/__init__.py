"""What people and Prometheus read: the page, the API, the metrics."""
