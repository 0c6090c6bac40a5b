"""The front doors: HTTP, the web page and the command line."""
