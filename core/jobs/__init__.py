"""Long work as separate processes: the queue and its worker."""
