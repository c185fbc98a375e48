"""Models at token level: what runs them, behind one seam."""
