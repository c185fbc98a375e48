"""What is kept between runs: keys and usage, in SQLite or PostgreSQL."""
