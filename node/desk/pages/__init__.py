"""What the desk's pages do, a module for each group of them; each ends with a template of its name."""
