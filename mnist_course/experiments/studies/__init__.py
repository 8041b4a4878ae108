"""A study: arms that differ in one thing, over seeds, with a table, figures and a verdict."""
