"""A deployment of engines on Ray Serve, and a backend that asks it. Ray itself is imported by processes that
join a cluster, and not by a server or an editor."""
