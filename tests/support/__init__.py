"""What tests share: waiting for observed conditions, databases, faults made on purpose."""
