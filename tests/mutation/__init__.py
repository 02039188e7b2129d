"""Each safety check taken away in turn, and the test that turns red; see README.md."""
