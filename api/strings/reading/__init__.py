"""Texts of the pages for who is signed in; each page's table has the words of all of them."""
