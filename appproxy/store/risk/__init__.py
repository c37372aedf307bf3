"""What risk is told from: sign-ins as they were judged, counts over all users, wrong passwords, and who is at risk."""
