"""What the project says: an index of a workspace's own text, and what followed the same characters there."""
