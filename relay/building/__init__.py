"""What is done when the wheel is built: the fast lane is compiled, the page's modules become one file."""
