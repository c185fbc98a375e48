"""What goes wrong outside the program: processes that die, stop or end at the worst moment."""
